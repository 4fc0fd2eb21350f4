/** Downloads from a small server of our own that behaves like the hub. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { UserError } from '../messages/error.ts'
import { type DownloadOptions, type DownloadProgress, downloadModel } from './hub.ts'
import { resolveModel } from './load.ts'
import { uniformStream } from './random.ts'

const NAME = 'owner/tiny'
const COMMIT = 'c0ffee0000000000000000000000000000000000'
const uniform = uniformStream(1)
const WEIGHTS = Buffer.from(Uint8Array.from({ length: 3_000_000 }, () => uniform() * 256))
const FILES = new Map<string, Buffer>([
  ['config.json', Buffer.from('{"model_type": "qwen2"}')],
  ['tokenizer.json', Buffer.from('{}')],
  ['model.safetensors', WEIGHTS],
  ['pytorch_model.bin', Buffer.from('not wanted')],
  ['README.md', Buffer.from('# Tiny')],
])

/** How the server misbehaves. */
const faults = { breakAfter: Number.POSITIVE_INFINITY, silentAfter: Number.POSITIVE_INFINITY, spoil: false, status: 0 }
let served: { path: string; from: number; bytes: number }[] = []
let server: Server
let endpoint: string
let cache: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    if (faults.status !== 0) {
      response.writeHead(faults.status).end()
    } else if (pathname.startsWith(`/api/models/${NAME}/tree/${COMMIT}`)) {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify([...FILES].map(([path, bytes]) => entry(path, bytes))))
    } else if (pathname.startsWith(`/api/models/${NAME}`)) {
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({ _id: '1', id: NAME, sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0 }),
      )
    } else {
      const path = pathname.split('/').at(-1)!
      const bytes = FILES.get(path)!
      const [, from = '0', to] = /bytes=(\d+)-(\d+)?/.exec(request.headers.range ?? '') ?? []
      const body = Buffer.from(bytes.subarray(Number(from), to === undefined ? bytes.length : Number(to) + 1))
      if (faults.spoil && body.length > 100) body[50] = body[50]! ^ 1
      response.writeHead(206, {
        'Content-Range': `bytes ${from}-${Number(from) + body.length - 1}/${bytes.length}`,
        'Content-Length': body.length,
        ETag: '"x"',
      })
      if (body.length > 1) served.push({ path, from: Number(from), bytes: body.length })
      if (body.length > faults.breakAfter) {
        response.write(body.subarray(0, faults.breakAfter), () => response.destroy())
      } else if (body.length > faults.silentAfter) {
        response.write(body.subarray(0, faults.silentAfter))
      } else {
        response.end(body)
      }
    }
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'hub-'))
  Object.assign(faults, { breakAfter: Infinity, silentAfter: Infinity, spoil: false, status: 0 })
  served = []
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

function entry(path: string, bytes: Buffer) {
  const size = bytes.length
  const oid = createHash('sha1').update(`blob ${size}\0`).update(bytes).digest('hex')
  const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size, pointerSize: 130 }
  return { type: 'file', path, size, oid, ...(path.endsWith('.safetensors') ? { lfs } : {}) }
}

const download = (options: Partial<DownloadOptions> = {}) => downloadModel(NAME, { cache, endpoint, ...options })

async function refusal(options: Partial<DownloadOptions> = {}): Promise<string> {
  const error = await download(options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).message
}

test('brings what the lab reads, where the Hugging Face cache has it, and tells how far it is', async () => {
  const told: DownloadProgress[] = []
  const folder = await download({ onProgress: (progress) => told.push(progress) })
  expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json'])
  expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true)
  expect(resolveModel(NAME, cache)).toBe(folder)
  const total = 23 + 2 + WEIGHTS.length
  expect(told.at(-1)).toMatchObject({ bytes: total, total })
  expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).sort((a, b) => a - b))
  served = []
  expect(await download()).toBe(folder)
  expect(served).toEqual([])
})

test('goes on where it broke off', async () => {
  faults.breakAfter = 1_000_000
  expect(await refusal()).toMatch(/cannot be reached|stopped after/)
  expect(() => resolveModel(NAME, cache)).toThrow(UserError)
  const blobs = readdirSync(join(cache, 'models--owner--tiny', 'blobs'))
  expect(blobs.some((name) => name.endsWith('.incomplete'))).toBe(true)
  faults.breakAfter = Infinity
  served = []
  const folder = await download()
  expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS)).toBe(true)
  const weights = served.find(({ path }) => path === 'model.safetensors')!
  expect(weights.from).toBeGreaterThan(100_000)
  expect(weights.from + weights.bytes).toBe(WEIGHTS.length)
})

test('a file of another hash does not count, and the next attempt begins anew', async () => {
  faults.spoil = true
  expect(await refusal()).toMatch('does not have the hash')
  faults.spoil = false
  expect(readFileSync(join(await download(), 'model.safetensors')).equals(WEIGHTS)).toBe(true)
})

test('a connection that falls silent is given up', async () => {
  faults.silentAfter = 500_000
  expect(await refusal({ patience: 300 })).toMatch('no data came for 300 ms')
})

test.each([
  [401, 'is restricted or does not exist'],
  [404, 'has no model owner/tiny'],
  [503, 'status 503'],
])('status %i gets one sentence', async (status, sentence) => {
  faults.status = status
  expect(await refusal()).toMatch(sentence)
})

test('no network gets one sentence', async () => {
  expect(await refusal({ endpoint: 'http://127.0.0.1:9' })).toMatch(/cannot be reached .*check the network/)
})

test('stops when it is told to', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  faults.silentAfter = 500_000
  setTimeout(() => stop.abort(reason), 300)
  await expect(download({ signal: stop.signal, patience: 3000 })).rejects.toThrow()
})
