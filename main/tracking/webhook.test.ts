import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { type EndedRun, tellWebhook, webhookUrl } from './webhook.ts'

let server: Server
let address: string
let got: { readonly path: string | undefined; readonly type: string | undefined; readonly body: string }[]
/** The status of each answer; null for none. */
let answers: (number | null)[]
const said: string[] = []
const say = ((id, values) => said.push(english(message(id as 'webhookAway', values as never)))) as Parameters<
  typeof tellWebhook
>[0]['say']

const ended: EndedRun = { run: 7, name: 'trial-7', command: 'pipeline', status: 'failed', seconds: 12.5 }
const patience = { answer: 300, rest: 5 }

beforeEach(async () => {
  got = []
  answers = []
  said.length = 0
  server = createServer(async (request: IncomingMessage, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    got.push({ path: request.url, type: request.headers['content-type'], body: Buffer.concat(parts).toString() })
    const status = answers.shift() ?? null
    if (status !== null) response.writeHead(status, { Location: '/elsewhere' }).end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=secret`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const tell = (webhook: string | null, variables = {}) =>
  tellWebhook({ config: configSchema.parse({ tracking: { webhook } }), ended, say, patience, variables })

test('the address gets one small JSON with how the run ended, and no text of an error', async () => {
  answers = [204]
  await tell(address)
  expect(got).toEqual([{ path: '/hook?key=secret', type: 'application/json', body: expect.any(String) }])
  const text = 'Run 7 (pipeline) failed'
  const when = expect.stringMatching(/^2\d{3}-/)
  expect(JSON.parse(got[0]!.body)).toEqual({ event: 'run_ended', ...ended, ended: when, text, content: text })
  expect(said).toEqual([])
})

test('a failed try is followed by one other; then the log says why, without the address’s secret', async () => {
  answers = [500, 200]
  await tell(address)
  expect(got).toHaveLength(2)
  expect(said).toEqual([])
  answers = [500, 302]
  await tell(address)
  expect(got.map(({ path }) => path)).toEqual(Array(4).fill('/hook?key=secret'))
  answers = [null, null]
  await tell(address)
  const host = new URL(address).host
  expect(said).toEqual([
    `The webhook at ${host} was not told of the end of the run: it answers 302.`,
    `The webhook at ${host} was not told of the end of the run: it did not answer in time.`,
  ])
})

test('nobody is told without an address, and the variable goes before the setting', async () => {
  await tell(null)
  expect(got).toEqual([])
  answers = [200]
  await tell('http://127.0.0.1:9/never', { DPO_DRIVER_WEBHOOK: address })
  expect(got).toHaveLength(1)
  await tell(address, { DPO_DRIVER_WEBHOOK: 'file:///etc/passwd' })
  expect(got).toHaveLength(1)
  expect(said).toEqual([
    'The webhook at DPO_DRIVER_WEBHOOK was not told of the end of the run: must be an http or https address without a user or password.',
  ])
})

test('only addresses of the web count, without a user', () => {
  expect(webhookUrl('https://ntfy.example/lab')?.host).toBe('ntfy.example')
  for (const wrong of ['ftp://a/b', 'http://', 'http://me:secret@host/', 'hook', 'javascript:1']) {
    expect(webhookUrl(wrong)).toBeNull()
    expect(configSchema.safeParse({ tracking: { webhook: wrong } }).success).toBe(false)
  }
})

test('whoever quits does not wait for it', async () => {
  const quit = new AbortController()
  const config = configSchema.parse({ tracking: { webhook: address } })
  const telling = tellWebhook({ config, ended, say, signal: quit.signal, variables: {} })
  quit.abort()
  await telling
  expect(said).toEqual([])
})
