import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { english } from '../messages/say.ts'
import { plainVariables, proxiedFetch, proxyOf, reasonOfFetch, throughProxy } from './proxy.ts'

const through = (address: string, env: Record<string, string>) => proxyOf(new URL(address), env)?.href ?? null
const COMPANY = 'http://proxy.example:3128/'

test.each<[string, Record<string, string>, string | null]>([
  ['https://a.example/x', {}, null],
  ['https://a.example/x', { HTTPS_PROXY: COMPANY }, COMPANY],
  ['https://a.example/x', { https_proxy: COMPANY, HTTPS_PROXY: 'http://other:1' }, COMPANY],
  ['https://a.example/x', { https_proxy: ' ', HTTPS_PROXY: COMPANY }, COMPANY],
  ['https://a.example/x', { HTTP_PROXY: COMPANY }, null],
  ['http://a.example/x', { http_proxy: 'proxy.example:3128' }, COMPANY],
  ['http://a.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'b.example' }, COMPANY],
  ['http://a.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'b.example, A.example' }, null],
  ['http://a.b.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'b.example' }, null],
  ['http://ab.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'b.example' }, COMPANY],
  ['http://a.b.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: '.b.example' }, null],
  ['http://a.b.example/x', { HTTP_PROXY: COMPANY, no_proxy: '*.b.example' }, null],
  ['http://a.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'c.example *' }, null],
  ['http://a.example/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'a.example:8080' }, COMPANY],
  ['http://a.example:8080/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'a.example:8080' }, null],
  ['http://10.1.2.3/x', { HTTP_PROXY: COMPANY, NO_PROXY: '10.0.0.0/8' }, null],
  ['http://11.1.2.3/x', { HTTP_PROXY: COMPANY, NO_PROXY: '10.0.0.0/8,10.0.0.0/99,nonsense/8' }, COMPANY],
  ['http://[fd00::1]/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'fd00::/8' }, null],
  ['http://[fd00::1]/x', { HTTP_PROXY: COMPANY, NO_PROXY: 'fd00::1' }, null],
  ['http://localhost:5000/x', { HTTP_PROXY: COMPANY }, null],
  ['http://127.0.0.1:5000/x', { HTTP_PROXY: COMPANY }, null],
  ['http://[::1]:5000/x', { HTTP_PROXY: COMPANY }, null],
])('%s with %j goes through %s', (address, env, proxy) => expect(through(address, env)).toBe(proxy))

test('a proxy that cannot be used gets one sentence, without its password', () => {
  for (const value of [
    'http://[',
    'http:/proxy.example:3128',
    'http//proxy.example',
    'proxy.example:99999',
    'proxy:port',
  ]) {
    expect(() => through('https://a.example', { HTTPS_PROXY: value })).toThrow(
      'HTTPS_PROXY is not the address of a proxy; write it as http://host:port.',
    )
  }
  expect(() => through('https://a.example', { https_proxy: 'socks5://me:secret@proxy.example:1080' })).toThrow(
    /^https_proxy names socks5:\/\/proxy\.example:1080, but/,
  )
})

test('programs and libraries get the variables in the form that each of them reads', () => {
  expect(plainVariables({ NO_PROXY: 'a.example' })).toEqual({})
  expect(plainVariables({ HTTPS_PROXY: 'proxy.example:3128', NO_PROXY: 'a.example,10.0.0.1' })).toEqual({
    https_proxy: COMPANY,
    no_proxy: 'a.example,.a.example,10.0.0.1,localhost,127.0.0.1,::1',
  })
})

let asked: string[]
let proxy: Server
let address: string
beforeEach(async () => {
  asked = []
  const target = createServer((_, response) => response.end('answer'))
  await new Promise<void>((ready) => target.listen(0, '127.0.0.1', ready))
  proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`)
    response.end('answer of the proxy')
  })
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`)
    if (request.url === 'forbidden.invalid:443') {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const through = connect((target.address() as AddressInfo).port, '127.0.0.1')
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    through.pipe(socket).pipe(through)
    through.on('error', () => socket.destroy())
    socket.on('error', () => through.destroy())
  })
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready))
  address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  proxy.once('close', () => target.close())
})
afterEach(() => {
  vi.unstubAllEnvs()
  proxy.closeAllConnections()
  proxy.close()
})

test('plain requests are handed to the proxy, and those of TLS go through a tunnel; the password goes along', async () => {
  vi.stubEnv('HTTP_PROXY', `http://me:se%20cret@${address}`)
  vi.stubEnv('HTTPS_PROXY', `http://${address}`)
  const login = `Basic ${Buffer.from('me:se cret').toString('base64')}`
  const answer = await proxiedFetch('http://hub.invalid/x?y=1')
  expect(await answer.text()).toBe('answer of the proxy')
  expect(asked).toEqual([`GET http://hub.invalid/x?y=1 ${login}`])
  // The server behind the tunnel speaks no TLS.
  await expect(proxiedFetch('https://hub.invalid/x')).rejects.toThrow('fetch failed')
  expect(asked[1]).toBe('CONNECT hub.invalid:443 undefined')
})

test('this machine is reached without a proxy, also where Node is told to take one', async () => {
  const { NODE_USE_ENV_PROXY: _, ...env } = process.env
  const script = `
    import { createServer } from 'node:http'
    import { proxiedFetch } from ${JSON.stringify(new URL('./proxy.ts', import.meta.url).href)}
    const server = createServer((_, response) => response.end('straight'))
    server.listen(0, '127.0.0.1', async () => {
      const { port } = server.address()
      process.stdout.write(await proxiedFetch('http://localhost:' + port).then((answer) => answer.text()))
      process.exit()
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://${address}` },
  })
  expect(stdout).toBe('straight')
  expect(asked).toEqual([])
})

test('a failure names the proxy, but not its password', async () => {
  vi.stubEnv('HTTPS_PROXY', `http://me:secret@${address}`)
  const error = await proxiedFetch('https://forbidden.invalid').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TypeError)
  const told = throughProxy('https://forbidden.invalid', reasonOfFetch(error as TypeError))
  expect(english(told as never)).toBe(
    `through the proxy http://${address}: Proxy response (407) !== 200 when HTTP Tunneling`,
  )
  expect(throughProxy('https://localhost', 'why')).toBe('why')
  expect(throughProxy('models', 'why')).toBe('why')
})
