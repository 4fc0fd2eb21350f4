/** The server on real sockets, with the requests of browsers, foreign pages and scripts. */
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { serveLab, type Web } from '../../app/web.ts'
import { Settings } from '../config/settings.ts'
import { projectPath } from '../files/paths.ts'
import { failureOf, UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import type { LabRouter } from './router.ts'

const folder = mkdtempSync(join(tmpdir(), 'server-'))
const window = join(folder, 'dist')
let web: Web
let url: URL
let token: string
let bugs: string[]

beforeAll(async () => {
  mkdirSync(join(window, 'assets'), { recursive: true })
  writeFileSync(join(window, 'index.html'), '<!doctype html><title>Lab</title>')
  writeFileSync(join(window, 'assets', 'app-1a2b.js'), 'export {}')
  writeFileSync(join(window, 'assets', 'app-1a2b.js.gz'), gzipSync('export {}'))
  writeFileSync(join(folder, 'secret.txt'), 'not for pages')
  symlinkSync(join(folder, 'secret.txt'), join(window, 'link.txt'))
  copyFileSync(projectPath('config.yaml'), join(folder, 'config.yaml'))
  bugs = []
  const settings = new Settings(join(folder, 'config.yaml'), {
    'paths.store': join(folder, 'lab.sqlite'),
    'paths.reports': join(folder, 'reports'),
  })
  web = await serveLab({ settings, window, onBug: (text) => bugs.push(text) })
  url = new URL(web.url)
  token = url.searchParams.get('token') ?? ''
})
afterAll(async () => {
  await web.close()
  expect(bugs).toEqual([])
})

const cookie = () => `dpo-driver-${url.port}=${token}`

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends a request exactly as it is written. Fetch would not send every path and Host. */
function send(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((done, fail) => {
    const { hostname: host, port } = url
    const request = httpRequest({ host, port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.on('error', fail)
    request.end(body)
  })
}

/** Tries to open a socket. Returns 'open', or the status of the refusal. */
function knock(path: string, headers: Record<string, string>): Promise<number | 'open'> {
  return new Promise((done) => {
    const socket = new WebSocket(`ws://${url.host}${path}`, { headers })
    socket.on('open', () => {
      socket.terminate()
      done('open')
    })
    socket.on('unexpected-response', (_request, response) => done(response.statusCode ?? 0))
    socket.on('error', () => {})
  })
}

/** A client like the window's. */
function client() {
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers: { cookie: cookie(), origin: url.origin } })
    }
  }
  const socket = createWSClient({ url: `ws://${url.host}/trpc`, WebSocket: Socket as never })
  return { lab: createTRPCClient<LabRouter>({ links: [wsLink({ client: socket })] }), close: () => socket.close() }
}

test('the printed address sets a strict cookie, redirects to a clean address, and the window opens', async () => {
  const first = await send(`/?token=${token}`)
  expect(first).toMatchObject({ status: 303, headers: { location: '/' } })
  const [set = ''] = first.headers['set-cookie'] ?? []
  expect(set).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/)
  const second = await send('/', { headers: { cookie: set.split(';')[0] ?? '' } })
  expect(second).toMatchObject({ status: 200, text: expect.stringContaining('<title>Lab</title>') })
  expect(await send('/pairs/3', { headers: { cookie: cookie() } })).toMatchObject({ status: 200 })
})

test('every answer forbids what a page of the lab does not need', async () => {
  const { headers } = await send('/', { headers: { cookie: cookie() } })
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(headers['content-security-policy']).toContain(`connect-src 'self' ws://${url.host}`)
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  })
  const asset = await send('/assets/app-1a2b.js', { headers: { cookie: cookie() } })
  expect(asset).toMatchObject({ status: 200, headers: { 'cache-control': expect.stringContaining('immutable') } })
})

test('an asset is sent compressed to clients that accept that, and as it is to others', async () => {
  const fetched = (encoding: string) =>
    send('/assets/app-1a2b.js', { headers: { cookie: cookie(), 'accept-encoding': encoding } })
  const packed = await fetched('gzip, deflate, br')
  expect(packed.headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-type': 'text/javascript; charset=utf-8',
    'content-length': String(gzipSync('export {}').length),
    vary: 'Accept-Encoding',
  })
  expect(await fetched('identity')).toMatchObject({ status: 200, text: 'export {}' })
  const page = await send('/', { headers: { cookie: cookie(), 'accept-encoding': 'gzip' } })
  expect(page.headers['content-encoding']).toBeUndefined()
})

test.each([
  ['no token', {}, 401],
  ['a wrong token', { cookie: 'dpo-driver-PORT=wrong' }, 401],
  ["the token in another lab's cookie", { cookie: 'dpo-driver-1=TOKEN' }, 401],
  ['a name that was pointed at this machine (DNS rebinding)', { cookie: 'COOKIE', host: 'evil.example:PORT' }, 403],
  ['a numeric name that is not this machine', { cookie: 'COOKIE', host: '10.1.2.3:PORT' }, 403],
  ['a Host that only begins well', { cookie: 'COOKIE', host: '127.0.0.1.evil.example:PORT' }, 403],
  ["another page's Origin", { cookie: 'COOKIE', origin: 'https://evil.example' }, 403],
  ['an Origin on another port', { cookie: 'COOKIE', origin: 'http://127.0.0.1:1' }, 403],
  ['the Origin of a page without one', { cookie: 'COOKIE', origin: 'null' }, 403],
  ["another page's request, as the browser says", { cookie: 'COOKIE', 'sec-fetch-site': 'cross-site' }, 403],
  [
    'a page on another port of this machine, as the browser says',
    { cookie: 'COOKIE', 'sec-fetch-site': 'same-site' },
    403,
  ],
])('%s is refused by HTTP and by WebSocket', async (_why, given, status) => {
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value.replace('COOKIE', cookie()).replace('TOKEN', token).replace('PORT', url.port),
    ]),
  )
  const answer = await send('/', { headers })
  expect(answer.status).toBe(status)
  expect(answer.text).not.toContain('<title>')
  expect(await knock('/trpc', headers)).toBe(status)
})

test('the token does not help a foreign page, and the name of a tunnel does not matter', async () => {
  expect(await send(`/?token=${token}`, { headers: { 'sec-fetch-site': 'cross-site' } })).toMatchObject({ status: 403 })
  expect(await send(`/?token=${token}`, { headers: { host: 'evil.example' } })).toMatchObject({ status: 403 })
  // ssh -L 9000:127.0.0.1:PORT: the browser uses another port.
  const tunnel = { host: 'localhost:9000', origin: 'http://localhost:9000', cookie: cookie() }
  expect(await send('/', { headers: tunnel })).toMatchObject({ status: 200 })
  expect(await knock('/trpc', tunnel)).toBe('open')
})

test('a fixed token stays, and the read-only one that follows from it looks and changes nothing', async () => {
  const token = 'x'.repeat(40)
  const settings = new Settings(join(folder, 'config.yaml'), { 'paths.store': join(folder, 'shared.sqlite') })
  const shared = await serveLab({ settings, window, token, readOnly: true, onBug: (text) => bugs.push(text) })
  try {
    const read = new URL(shared.readUrl ?? '')
    expect(new URL(shared.url).searchParams.get('token')).toBe(token)
    const readToken = read.searchParams.get('token')
    expect(readToken).toMatch(/^[\w-]{43}$/)
    const entered = await fetch(read, { redirect: 'manual' })
    const [cookie = ''] = (entered.headers.get('set-cookie') ?? '').split(';')
    expect(cookie).toBe(`dpo-driver-${read.port}=${readToken}`)
    expect((await fetch(new URL('/', read), { headers: { cookie } })).status).toBe(200)
    expect(
      (await fetch(new URL('/imports/1/1/preferences', read), { method: 'POST', headers: { cookie } })).status,
    ).toBe(403)
    class Socket extends WebSocket {
      constructor(address: string) {
        super(address, { headers: { cookie, origin: read.origin } })
      }
    }
    const socket = createWSClient({
      url: `ws://${read.host}/trpc`,
      WebSocket: Socket as unknown as typeof globalThis.WebSocket,
    })
    const lab = createTRPCClient<LabRouter>({ links: [wsLink({ client: socket })] })
    expect(await lab.status.get.query()).toMatchObject({ readOnly: true })
    await expect(lab.job.stop.mutate()).rejects.toThrow(/Nothing can be changed/)
    await socket.close()
    // However many of them look, the owner gets in.
    const readers = Array.from({ length: 49 }, () => new Socket(`ws://${read.host}/trpc`))
    const refused = await Promise.all(
      readers.map(
        (one) =>
          new Promise<boolean>((done) => {
            one.on('open', () => done(false))
            one.on('error', () => done(true))
          }),
      ),
    )
    expect(refused.filter(Boolean).length).toBeGreaterThan(0)
    const own = new WebSocket(`ws://${read.host}/trpc`, { headers: { cookie: `dpo-driver-${read.port}=${token}` } })
    await once(own, 'open')
    for (const one of [own, ...readers]) one.terminate()
    // Pictures that are not there yet would open pages of tasks.
    expect((await fetch(new URL('/tasks/click-button.jpg', read), { headers: { cookie } })).status).toBe(204)
    // Where nobody asked for one, there is no such token.
    expect(web.readUrl).toBeNull()
  } finally {
    await shared.close()
  }
})

test('a ticket lets a browser in once, also from the page in a file that carries it', async () => {
  const ticket = web.ticketUrl().slice(url.origin.length)
  const fromFile = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  // What is no navigation does not use it up.
  expect(await send(ticket, { headers: { ...fromFile, 'sec-fetch-mode': 'no-cors' } })).toMatchObject({ status: 403 })
  expect(await send(ticket, { headers: { ...fromFile, host: 'evil.example' } })).toMatchObject({ status: 403 })
  expect(await send(ticket, { headers: { ...fromFile, origin: 'null' } })).toMatchObject({ status: 403 })
  expect(await send(ticket, { method: 'POST' })).toMatchObject({ status: 401 })
  const first = await send(ticket, { headers: fromFile })
  expect(first).toMatchObject({ status: 200, text: '<meta http-equiv="refresh" content="0; url=/">' })
  const [set = ''] = first.headers['set-cookie'] ?? []
  expect(await send('/', { headers: { cookie: set.split(';')[0] ?? '' } })).toMatchObject({ status: 200 })
  expect(await send(ticket, { headers: fromFile })).toMatchObject({ status: 403 })
  expect(await send(ticket)).toMatchObject({ status: 401 })
})

test('a new ticket replaces the one before', async () => {
  const [old, fresh] = [web.ticketUrl(), web.ticketUrl()].map((address) => address.slice(url.origin.length))
  expect(await send(old!)).toMatchObject({ status: 401 })
  expect(await send(fresh!)).toMatchObject({ status: 200 })
  expect(await send('/?ticket=')).toMatchObject({ status: 401 })
})

test('a refused upgrade is let go, although its sender keeps its side open', async () => {
  const ask = (path: string, headers: string) =>
    new Promise<string>((done) => {
      const socket = connect({ port: Number(url.port), host: '127.0.0.1', allowHalfOpen: true })
      let said = ''
      socket.setEncoding('utf8').on('data', (chunk) => {
        said += chunk
      })
      // The sender never ends its side. Only a server that lets go ends the connection for both.
      socket.on('end', () => {
        const again = setInterval(() => socket.write('x'), 5)
        socket.on('error', () => {
          clearInterval(again)
          done(said)
        })
      })
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      )
    })
  expect(await ask('/trpc', '')).toMatch(/^HTTP\/1.1 401 /)
  expect(await ask('/other', `Cookie: ${cookie()}\r\n`)).toMatch(/^HTTP\/1.1 404 /)
  // Asks for the socket without a key, which the WebSocket library refuses.
  expect(await ask('/trpc', `Cookie: ${cookie()}\r\n`)).toMatch(/^HTTP\/1.1 4\d\d /)
})

test('a form of a foreign page cannot post, and the right page can post only to addresses that accept it', async () => {
  const form = { cookie: cookie(), origin: 'https://evil.example', 'content-type': 'text/plain' }
  expect(await send('/imports/1/1/preferences', { method: 'POST', headers: form, body: '{}' })).toMatchObject({
    status: 403,
  })
  expect(await send('/', { method: 'POST', headers: { cookie: cookie() }, body: 'x' })).toMatchObject({ status: 405 })
  expect(await send('/imports/1/1/preferences', { method: 'POST', headers: { cookie: cookie() } })).toMatchObject({
    status: 400,
    text: expect.stringMatching(/There is no run 1/),
  })
  const asked = { cookie: cookie(), accept: 'application/json' }
  const { status, text } = await send('/imports/1/1/preferences', { method: 'POST', headers: asked })
  expect([status, JSON.parse(text)]).toEqual([400, failureOf(new UserError('runGone', { run: 1 }))])
})

test.each([
  '/../secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/%5c..%5c..%5csecret.txt',
  '/link.txt',
  '/assets/app-1a2b.js%00.html',
  '/%E0%A4%A.txt',
  '//evil.example/secret.txt',
  'http://evil.example/secret.txt',
  `//${'a/'.repeat(2000)}x.js`,
])('%s does not lead out of the window', async (path) => {
  const { status, text } = await send(path, { headers: { cookie: cookie() } })
  expect(status).toBe(404)
  expect(text).not.toContain('not for pages')
})

test.each(['/tasks/%.jpg', '/tasks/%E0%A4%A.jpg'])(
  '%s has percent signs that stand for no text, and is no task',
  async (path) => {
    expect(await send(path, { headers: { cookie: cookie() } })).toMatchObject({ status: 404 })
  },
)

test.each(['/\\evil.example/', '/.//evil.example/', '//evil.example/'])(
  'the redirect of %s stays in the lab',
  async (path) => {
    const { status, headers } = await send(`${path}?token=${token}`)
    expect([status, headers.location]).toEqual([303, '/evil.example/'])
  },
)

test('a window that was not built says how to build it', async () => {
  const settings = new Settings(join(folder, 'config.yaml'), { 'paths.store': join(folder, 'other.sqlite') })
  const bare = await serveLab({ settings, window: join(folder, 'none') })
  try {
    const { port, searchParams } = new URL(bare.url)
    const headers = { cookie: `dpo-driver-${port}=${searchParams.get('token')}` }
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
    expect([response.status, await response.text()]).toEqual([503, expect.stringMatching(/npm run build:renderer/)])
  } finally {
    await bare.close()
  }
})

test('the server does not listen on addresses that other machines can reach', async () => {
  const others = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
  for (const { address } of others) {
    const error = await fetch(`http://${address}:${url.port}/`).catch((refused: Error) => refused)
    expect(error).toBeInstanceOf(Error)
  }
})

test('a port in use and an unknown address are reported with a message each', async () => {
  const settings = new Settings(join(folder, 'config.yaml'), { 'paths.store': join(folder, 'third.sqlite') })
  await expect(serveLab({ settings, port: Number(url.port) })).rejects.toThrow(
    /^Port \d+ is taken by another program; choose another with --port, or leave it out\.$/,
  )
  await expect(serveLab({ settings, host: '192.0.2.1' })).rejects.toThrow(
    /^192\.0\.2\.1 is not an address of this machine/,
  )
})

test('malformed, strange or overlong messages harm only their sender', async () => {
  const { lab, close } = client()
  const before = await lab.job.state.query()
  for (const message of [
    'not JSON',
    '{"id":1}',
    '[]',
    'null',
    '{"id":1,"method":"query","params":{"path":"__proto__.x"}}',
    '{"id":1,"method":"query","params":{"path":"runs.get","input":{"run":"1; DROP TABLE runs"}}}',
    '{"id":1,"method":"mutation","params":{"path":"job.start","input":{"command":"rm"}}}',
    Buffer.from([0xff, 0xfe, 0x00]),
    'x'.repeat(2 << 20),
  ]) {
    const socket = new WebSocket(`ws://${url.host}/trpc`, { headers: { cookie: cookie() } })
    socket.on('error', () => {})
    await new Promise((open) => socket.once('open', open))
    // Such a message is answered, ignored or ends the connection. If the connection stays, the next request is answered
    // as usual.
    const told: string[] = []
    const after = new Promise<void>((done) => {
      socket.once('close', () => done())
      socket.on('message', (data) => {
        told.push(String(data))
        if (String(data).includes('"id":99')) done()
      })
    })
    socket.send(message)
    socket.send('{"id":99,"method":"query","params":{"path":"job.state"}}')
    await after
    expect(told.join()).not.toMatch(/\.ts:|node_modules/)
    expect(told.filter((answer) => !answer.includes('"id":99') && !answer.includes('"error"'))).toEqual([])
    socket.terminate()
  }
  // An invalid WebSocket frame: reserved bits set, not masked.
  const raw = connect(Number(url.port), '127.0.0.1')
  raw.on('error', () => {})
  raw.write(
    `GET /trpc HTTP/1.1\r\nHost: ${url.host}\r\nCookie: ${cookie()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
  )
  await new Promise((upgraded) => raw.once('data', upgraded))
  const ended = new Promise((done) => raw.once('close', done))
  raw.write(Buffer.from([0xff, 0x05, 1, 2, 3, 4, 5]))
  await ended
  expect(await lab.job.state.query()).toEqual(before)
  close()
})

test('a socket at any other path than /trpc is refused', async () => {
  expect(await knock('/other', { cookie: cookie() })).toBe(404)
})

test('a UserError arrives with its text and its messages, and nothing else', async () => {
  const { lab, close } = client()
  const error = await lab.runs.get.query({ run: 99 }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    message: 'There is no run 99; load the list again.',
    data: { code: 'BAD_REQUEST', httpStatus: 400, messages: [message('runGone', { run: 99 })] },
  })
  expect(error).not.toHaveProperty('data.stack')
  await expect(lab.episodes.list.query({ limit: 0 })).rejects.toMatchObject({
    message: expect.stringMatching(/does not understand the request: limit/),
    data: { messages: [{ id: 'requestNotUnderstood' }] },
  })
  close()
})
