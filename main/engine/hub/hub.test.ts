/** Downloads from a small server of our own that behaves like the hub. */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { randomModel, TINY } from '../../../testing/random-model.ts'
import { TINY_VOCAB_SIZE, writeTinyTokenizer } from '../../../testing/tiny-tokenizer.ts'
import { UserError } from '../../messages/error.ts'
import { architectureOf, fetchShape } from '../architecture.ts'
import { loadCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts'
import { writeSafetensors } from '../checkpoint/safetensors.ts'
import { qwen2 } from '../families.ts'
import { findModel, resolveModel } from '../load.ts'
import { type DownloadOptions, type DownloadProgress, downloadModel } from './hub.ts'

const NAME = 'owner/tiny'
const COMMIT = 'c0ffee0000000000000000000000000000000000'
const CONFIG = qwen2({ ...TINY, vocab_size: TINY_VOCAB_SIZE, hidden_size: 256, intermediate_size: 600 })

const FILES = new Map<string, Buffer>()
/** What the hub has besides, or instead, in a test; null removes a file. */
let changes: Record<string, Buffer | string | object | null> = {}
const filesNow = () => {
  const files = new Map(FILES)
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) files.delete(path)
    else if (Buffer.isBuffer(content)) files.set(path, content)
    else files.set(path, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)))
  }
  return files
}
const WEIGHTS = () => FILES.get('model.safetensors')!

/** How the server misbehaves. */
const faults = {
  breakAfter: Infinity,
  silentAfter: Infinity,
  spoil: false,
  status: 0,
  error: '',
  token: '',
  away: false,
  portal: false,
}
/** A host of files elsewhere, as the hub has for large ones. It notes the tokens that it is shown. */
let tokensElsewhere: (string | undefined)[] = []
let elsewhere: Server
let served: { path: string; from: number; bytes: number }[] = []
let server: Server
let endpoint: string
let cache: string

beforeAll(async () => {
  const made = mkdtempSync(join(tmpdir(), 'hub-model-'))
  await saveCheckpoint(made, CONFIG, randomModel(CONFIG, 1))
  await writeTinyTokenizer(made)
  for (const name of readdirSync(made)) FILES.set(name, readFileSync(join(made, name)))
  FILES.set('pytorch_model.bin', Buffer.from('not wanted'))
  FILES.set('README.md', Buffer.from('# Tiny'))
  rmSync(made, { recursive: true })

  elsewhere = createServer((request, response) => {
    tokensElsewhere.push(request.headers.authorization)
    send(request, response, filesNow().get(request.url!.split('/').at(-1)!)!)
  })
  await new Promise<void>((ready) => elsewhere.listen(0, '127.0.0.1', ready))
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    if (faults.token !== '' && request.headers.authorization !== `Bearer ${faults.token}`) {
      response.writeHead(401).end()
    } else if (faults.error !== '' && pathname.includes('/resolve/')) {
      response.writeHead(403, { 'X-Error-Code': faults.error }).end()
    } else if (faults.portal) {
      response.setHeader('Content-Type', 'text/html')
      response.end('<html>Log in to the network</html>')
    } else if (faults.status !== 0) {
      response.writeHead(faults.status).end()
    } else if (pathname.startsWith(`/api/models/${NAME}/tree/${COMMIT}`)) {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify([...filesNow()].map(([path, bytes]) => entry(path, bytes))))
    } else if (pathname.startsWith(`/api/models/${NAME}`)) {
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({ _id: '1', id: NAME, sha: COMMIT, private: false, gated: false, downloads: 0, likes: 0 }),
      )
    } else {
      const path = pathname.split('/').at(-1)!
      if (faults.away && path.endsWith('.safetensors')) {
        const { port } = elsewhere.address() as AddressInfo
        response.writeHead(302, { Location: `http://localhost:${port}/${path}`, ETag: '"x"' }).end()
        return
      }
      send(request, response, filesNow().get(path)!)
    }
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  for (const one of [server, elsewhere]) {
    one.closeAllConnections()
    one.close()
  }
})
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'hub-'))
  Object.assign(faults, { breakAfter: Infinity, silentAfter: Infinity, spoil: false, status: 0 })
  Object.assign(faults, { error: '', token: '', away: false, portal: false })
  changes = {}
  served = []
  tokensElsewhere = []
  // Nobody is logged in.
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_DISABLE_IMPLICIT_TOKEN']) {
    vi.stubEnv(name, '')
  }
  vi.stubEnv('HF_HOME', cache)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true, force: true })
})

/** Sends a file, or the part of it that is asked for, with the faults of now. */
function send(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const path = request.url!.split('/').at(-1)!
  const [, from = '0', to] = /bytes=(\d+)-(\d+)?/.exec(request.headers.range ?? '') ?? []
  const body = Buffer.from(bytes.subarray(Number(from), to === undefined ? bytes.length : Number(to) + 1))
  // The header stays as it is: damage there is found before the weights are downloaded.
  if (faults.spoil && body.length > 200_000) body[150_000] = body[150_000]! ^ 1
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

function entry(path: string, bytes: Buffer) {
  const size = bytes.length
  const oid = createHash('sha1').update(`blob ${size}\0`).update(bytes).digest('hex')
  const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size, pointerSize: 130 }
  return { type: 'file', path, size, oid, ...(path.endsWith('.safetensors') ? { lfs } : {}) }
}

/** Changes files of the hub: a name and its content, and so on. */
function set(...pairs: (string | object | null)[]): void {
  for (let at = 0; at < pairs.length; at += 2) changes[pairs[at] as string] = pairs[at + 1]!
}

function changeConfig(change: object): void {
  set('config.json', { ...JSON.parse(FILES.get('config.json')!.toString()), ...change })
}

/** Weights whose header says FP8. */
function eightBits(): Buffer {
  const header = JSON.stringify({ 'model.norm.weight': { dtype: 'F8_E4M3', shape: [256], data_offsets: [0, 256] } })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(256)])
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
  const read = ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
  expect(readdirSync(folder).sort()).toEqual(read)
  expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS())).toBe(true)
  expect(resolveModel(NAME, cache)).toBe(folder)
  const total = read.reduce((sum, name) => sum + FILES.get(name)!.length, 0)
  expect(told.at(-1)).toMatchObject({ bytes: total, total })
  expect(told.map(({ bytes }) => bytes)).toEqual(told.map(({ bytes }) => bytes).sort((a, b) => a - b))
  served = []
  expect(await download({ endpoint: `${endpoint}/` })).toBe(folder)
  expect(served).toEqual([])
})

test('brings the shards that the index names', async () => {
  const tensors = [...randomModel(CONFIG, 1)]
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
  const weight_map = Object.fromEntries(tensors.map(([name], index) => [name, shards[index % 2]!]))
  const made = mkdtempSync(join(tmpdir(), 'hub-shards-'))
  for (const shard of shards) {
    writeSafetensors(join(made, shard), new Map(tensors.filter(([name]) => weight_map[name] === shard)))
    changes[shard] = readFileSync(join(made, shard))
  }
  rmSync(made, { recursive: true })
  Object.assign(changes, { 'model.safetensors': null, 'model.safetensors.index.json': { weight_map } })
  const folder = await download()
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['model.safetensors.index.json', ...shards]))
  expect((await loadCheckpoint(folder)).tensors.size).toBe(tensors.length)

  // Another process leaves the index and one shard.
  rmSync(join(folder, shards[1]))
  expect(() => resolveModel(NAME, cache)).toThrow(/only in part: .* lacks model-00002-of-00002\.safetensors;/)
  expect(await download()).toBe(folder)

  changes[shards[1]] = null
  expect(await refusal()).toMatch(`owner/tiny on the Hugging Face Hub has no ${shards[1]}`)
})

test.each<[string, RegExp, () => void]>([
  ['another architecture', /model_type must be qwen2, qwen3 or llama/, () => changeConfig({ model_type: 'qwen3_moe' })],
  ['GPTQ', /quantised already/, () => changeConfig({ quantization_config: { quant_method: 'gptq' } })],
  ['no chat template', /chat_template is missing/, () => set('tokenizer_config.json', { eos_token: '<|endoftext|>' })],
  ['a damaged tokenizer', /tokenizer\.json is not JSON/, () => set('tokenizer.json', '{')],
  ['a tokenizer of another model', /take both from the same model/, () => changeConfig({ vocab_size: 100 })],
  [
    'another shape than the weights',
    /is \[264, 256\], but .* asks for \[264, 128\]/,
    () => changeConfig({ hidden_size: 128 }),
  ],
  ['fewer layers than the weights', /num_hidden_layers 1, but .* has 2/, () => changeConfig({ num_hidden_layers: 1 })],
  ['no head', /has no lm_head\.weight/, () => changeConfig({ tie_word_embeddings: false })],
  ['weights in 8 bits', /dtype F8_E4M3/, () => set('model.safetensors', eightBits())],
  ['weights in pickles', /has no model\.safetensors, only pytorch_model\.bin;/, () => set('model.safetensors', null)],
  [
    'GGUF',
    /has GGUF files only; download one yourself, such as tiny\.gguf,/,
    () => set('model.safetensors', null, 'pytorch_model.bin', null, 'tiny.gguf', 'GGUF'),
  ],
  ['no weights', /has no safetensors/, () => set('model.safetensors', null, 'pytorch_model.bin', null)],
  ['an adapter', /is an adapter/, () => set('config.json', null, 'adapter_config.json', '{}')],
  ['no tokenizer.json', /has no tokenizer\.json/, () => set('tokenizer.json', null)],
])('a model with %s is refused before its weights are downloaded', async (_, sentence, change) => {
  change()
  expect(await refusal()).toMatch(sentence)
  const weights = served.filter(({ path }) => path.endsWith('.safetensors'))
  expect(weights.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(70_000)
})

test('a model that has no room on this machine is refused before its weights are downloaded', async () => {
  const check = vi.fn(() => Promise.reject(new UserError('verbatim', { text: 'It is too large.' })))
  expect(await refusal({ check })).toBe('It is too large.')
  expect(check).toHaveBeenCalledWith(CONFIG)
  expect(served.filter(({ path }) => path.endsWith('.safetensors'))).toEqual([])
})

test('a snapshot that other tools left without weights is completed; of broken links, each is made again', async () => {
  const folder = await download()
  rmSync(join(folder, 'model.safetensors'))
  rmSync(join(folder, 'tokenizer.json'))
  symlinkSync('../../blobs/gone', join(folder, 'tokenizer.json'))
  expect(() => resolveModel(NAME, cache)).toThrow(/only in part: .* lacks tokenizer\.json, model\.safetensors;/)
  vi.stubEnv('TRANSFORMERS_OFFLINE', '1')
  await expect(findModel(NAME, { cache, endpoint })).rejects.toThrow('and TRANSFORMERS_OFFLINE forbids the download')
  vi.stubEnv('TRANSFORMERS_OFFLINE', '')
  served = []
  expect(await findModel(NAME, { cache, endpoint })).toBe(folder)
  expect(served).toEqual([])
  expect(resolveModel(NAME, cache)).toBe(folder)
})

test.each<[string, (whole: Buffer) => Buffer]>([
  ['model.safetensors', (whole) => Buffer.alloc(whole.length)],
  ['model.safetensors', (whole) => whole.subarray(0, 2000)],
  ['tokenizer.json', (whole) => Buffer.alloc(whole.length)],
])('a damaged %s is downloaded again, and nothing else', async (file, damage) => {
  const folder = await download()
  // By way of the link: the blob is damaged.
  writeFileSync(join(folder, file), damage(FILES.get(file)!))
  served = []
  expect(await findModel(NAME, { cache, endpoint })).toBe(folder)
  expect(new Set(served.map(({ path }) => path))).toEqual(new Set([file]))
  expect(readFileSync(join(folder, file)).equals(FILES.get(file)!)).toBe(true)
})

test('goes on where it broke off', async () => {
  faults.breakAfter = 1_000_000
  expect(await refusal()).toMatch(/cannot be reached|stopped after/)
  expect(() => resolveModel(NAME, cache)).toThrow(UserError)
  faults.breakAfter = Infinity
  served = []
  const folder = await download()
  expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS())).toBe(true)
  const weights = served.find(({ path, from }) => path === 'model.safetensors' && from > 0)!
  expect(weights.from).toBeGreaterThan(100_000)
  expect(weights.from + weights.bytes).toBe(WEIGHTS().length)
  expect(readdirSync(join(cache, 'models--owner--tiny', 'blobs')).every((name) => /^[0-9a-f]+$/.test(name))).toBe(true)
})

test('what a living process is downloading is left to it', async () => {
  const blobs = join(cache, 'models--owner--tiny', 'blobs')
  const hash = createHash('sha256').update(WEIGHTS()).digest('hex')
  mkdirSync(blobs, { recursive: true })
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, blobs, hash], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [begun] = (await once(child.stdout, 'data')) as [Buffer]
  const folder = await download()
  expect(readFileSync(join(folder, 'model.safetensors')).equals(WEIGHTS())).toBe(true)
  expect(existsSync(begun.toString())).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  // What it left is found when the blob is needed again. It is no part of the file, so its hash is wrong.
  for (const path of [join(folder, 'model.safetensors'), join(blobs, hash)]) rmSync(path)
  expect(await refusal()).toMatch('does not have the hash')
  expect(existsSync(begun.toString())).toBe(false)
})

/** Begins to write a blob, says where, and waits. */
const WRITER = `
  import { writeFileSync } from 'node:fs'
  import { unfinished } from '${join(import.meta.dirname, '../../files/unfinished.ts')}'
  const [blobs, hash] = process.argv.slice(1)
  const path = unfinished(blobs, hash)
  writeFileSync(path, 'something else')
  process.stdout.write(path)
  process.stdin.resume()
`

test('a file of another hash does not count, and the next attempt begins anew', async () => {
  faults.spoil = true
  expect(await refusal()).toMatch('does not have the hash')
  faults.spoil = false
  expect(readFileSync(join(await download(), 'model.safetensors')).equals(WEIGHTS())).toBe(true)
})

test('logs in with the token of HF_TOKEN, else of the file that the other clients use', async () => {
  faults.token = 'hf_secret'
  expect(await refusal()).toMatch('set HF_TOKEN to a token that may read it')
  writeFileSync(join(cache, 'token'), ' hf_secret\n')
  await download()
  vi.stubEnv('HF_TOKEN', 'hf_other')
  expect(await refusal()).toMatch('your token may not read it')
  vi.stubEnv('HF_TOKEN', '')
  vi.stubEnv('HF_HUB_DISABLE_IMPLICIT_TOKEN', '1')
  expect(await refusal()).toMatch('set HF_TOKEN')
  vi.stubEnv('HF_HUB_DISABLE_IMPLICIT_TOKEN', '')
  // Tokens of other hubs have other forms.
  faults.token = 'eyJ.secret'
  vi.stubEnv('HUGGING_FACE_HUB_TOKEN', faults.token)
  await download()
  vi.stubEnv('HUGGING_FACE_HUB_TOKEN', 'hf_sécret')
  const error = await refusal()
  expect(error).toMatch(/^HUGGING_FACE_HUB_TOKEN holds something that is not a token/)
  expect(error).not.toMatch('cret')
})

test('the token does not go to another host', async () => {
  Object.assign(faults, { token: 'hf_secret', away: true })
  vi.stubEnv('HF_TOKEN', 'hf_secret')
  await download()
  expect(tokensElsewhere.length).toBeGreaterThan(0)
  expect(new Set(tokensElsewhere)).toEqual(new Set([undefined]))
})

test('conditions that are not accepted get the page where to accept them', async () => {
  faults.error = 'GatedRepo'
  expect(await refusal()).toMatch(
    `owner/tiny on the Hugging Face Hub has conditions; accept them at ${endpoint}/owner/tiny,`,
  )
})

test('a proxy is used, and named where it fails', async () => {
  vi.stubEnv('HTTP_PROXY', endpoint)
  // To the server, which is the proxy here, the path of a request by proxy is the whole address.
  await download({ endpoint: 'http://hub.invalid' })
  vi.stubEnv('HTTP_PROXY', 'http://me:secret@127.0.0.1:9')
  const error = await refusal({ endpoint: 'http://hub.invalid' })
  expect(error).toMatch('through the proxy http://127.0.0.1:9: connect ECONNREFUSED')
  expect(error).not.toMatch('secret')
})

test('a page of something else gets one sentence', async () => {
  faults.portal = true
  expect(await refusal()).toMatch(`${endpoint} does not answer as a Hugging Face Hub does`)
})

test.each([
  'hf-mirror.com',
  'hf-mirror.com:443',
  'hf-mirror.com/models',
  'https//hf-mirror.com',
  'https:/hf-mirror.com',
  'https://',
  'https://hf-mirror.com:port',
  'https://hf-mirror.com:99999',
  'ftp://hf-mirror.com',
  'https://me:secret@hf-mirror.com',
  'https://hf-mirror.com?a=b',
  '"https://hf-mirror.com"',
  // fetch refuses the port.
  'http://127.0.0.1:6000',
])('HF_ENDPOINT=%s is refused with the form that it takes', async (address) => {
  vi.stubEnv('HF_ENDPOINT', address)
  await expect(findModel(NAME, { cache })).rejects.toThrow(
    /^HF_ENDPOINT is not the address of a Hugging Face Hub; write it as https:\/\/host or https:\/\/host:port\b/,
  )
})

test('HF_ENDPOINT is used with blanks and slashes around it, and named where nobody answers', async () => {
  vi.stubEnv('HF_ENDPOINT', ` ${endpoint}// `)
  await findModel(NAME, { cache })
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:2/hub')
  await expect(findModel('owner/other', { cache })).rejects.toThrow(
    'cannot be reached (HF_ENDPOINT is http://127.0.0.1:2/hub: ',
  )
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

test('the shape of a model is fetched without its weights, and what stands in the way is named', async () => {
  vi.stubEnv('HF_HUB_CACHE', cache)
  faults.token = 'hf_secret'
  await expect(fetchShape(NAME, { endpoint })).rejects.toThrow(
    /owner\/tiny on the Hugging Face Hub is restricted or does not exist; check the name, or set HF_TOKEN/,
  )
  faults.token = ''
  await expect(fetchShape(NAME, { endpoint: 'http://127.0.0.1:9' })).rejects.toThrow(
    /cannot be reached.*check the network/,
  )
  await fetchShape(NAME, { endpoint })
  expect(architectureOf(NAME)).toEqual(CONFIG)
  expect(served.map(({ path }) => path)).not.toContain('model.safetensors')
  // Known, so nothing is asked.
  await fetchShape(NAME, { endpoint: 'http://127.0.0.1:9' })
})
