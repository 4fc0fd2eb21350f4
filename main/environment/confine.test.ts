/**
 * What pages of tasks may not do, each with a page of ours that tries: in Chromium, and in a window that its debugger
 * controls. What a page tries in vain changes nothing: the agent sees the page as it was. What breaks the page is a fault of
 * the environment, and the next episode is played on a fresh page.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { windowStandIns } from '../../testing/electron-debugger.ts'
import { openWorkbench } from '../../testing/workbench.ts'
import { EnvironmentFault } from '../chromium/fault.ts'
import { type BrowserHost, chromiumHost } from './browser.ts'
import { windowHost } from './debugger.ts'
import { renderPage } from './observation.ts'
import { SESSION_DEFAULTS, Session } from './session.ts'

const workbench = openWorkbench()
/** What arrived: a line a connection or datagram. */
const arrived: string[] = []
const server = createServer((socket) => {
  arrived.push('TCP')
  socket.on('error', () => {}).destroy()
})
const datagrams = createSocket('udp4').on('message', () => arrived.push('UDP'))
let port = 0

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
  datagrams.bind(port, '127.0.0.1')
  await once(datagrams, 'listening')
})
afterAll(() => {
  server.close()
  datagrams.close()
  workbench.remove()
})
beforeEach(() => {
  arrived.length = 0
})

const windows = windowStandIns()
const HOSTS: readonly (readonly [string, () => BrowserHost])[] = [
  ['in Chromium', () => chromiumHost()],
  ['in a window', () => windowHost(() => windows.open())],
]
afterAll(() => windows.close())

const rtc = (at: string) =>
  `{ const peer = new ${at}RTCPeerConnection({ iceServers: [{ urls: ['stun:HOST', 'turn:HOST?transport=udp', 'turn:HOST?transport=tcp'], username: 'a', credential: 'b' }] })
   ;(window.peers ??= []).push(peer); peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer)) }`

/** HOST stands for the listener's address. `add` puts an element into the page, `frame` a frame with a document. */
const CALLS: Readonly<Record<string, string>> = {
  fetch: `fetch('http://HOST').catch(() => {}); fetch('http://HOST', { method: 'POST', keepalive: true, mode: 'no-cors', body: 'x' }).catch(() => {})`,
  xhr: `{ const request = new XMLHttpRequest(); request.open('GET', 'http://HOST', false); try { request.send() } catch {} }`,
  sockets: `new WebSocket('ws://HOST'); new EventSource('http://HOST')`,
  beacon: `navigator.sendBeacon('http://HOST', 'x')`,
  transport: `try { new WebTransport('https://HOST').ready.catch(() => {}) } catch {}`,
  rtc: rtc(''),
  rtcInFrame: `{ const inner = frame(''); ${rtc('inner.contentWindow.')} }`,
  rtcInData: `add('iframe', { src: 'data:text/html,' + encodeURIComponent(script(${JSON.stringify(rtc(''))})) })`,
  rtcInSandbox: `frame(script(${JSON.stringify(rtc(''))}), 'allow-scripts')`,
  elements: `for (const tag of ['img', 'iframe', 'embed', 'video', 'audio', 'script']) add(tag, { src: 'http://HOST' }); add('object', { data: 'http://HOST' })`,
  links: `for (const rel of ['stylesheet', 'preconnect', 'dns-prefetch', 'prefetch', 'preload', 'modulepreload', 'prerender', 'icon', 'manifest']) add('link', { rel, as: 'fetch', href: 'http://HOST' })`,
  styles: `{ const style = add('style', {}); style.textContent = '@import "http://HOST"; @font-face { font-family: far; src: url(http://HOST) } body { font-family: far; background: url(http://HOST) }' }`,
  speculation: `{ const rules = add('script', { type: 'speculationrules' }); rules.textContent = '{"prefetch":[{"source":"list","urls":["http://HOST"]}],"prerender":[{"source":"list","urls":["http://HOST"]}]}' }`,
  worker: `new Worker(URL.createObjectURL(new Blob(["fetch('http://HOST').catch(() => {}); new WebSocket('ws://HOST'); try { importScripts('http://HOST') } catch {}"])))`,
  serviceWorker: `navigator.serviceWorker?.register('http://HOST').catch(() => {})`,
  sandbox: `frame("<img src='http://HOST'>" + script("fetch('http://HOST'); new WebSocket('ws://HOST')"), 'allow-scripts')`,
  form: `{ const form = add('form', { action: 'http://HOST', method: 'post', target: frame('').name = 'inner' }); form.submit() }`,
  refresh: `add('meta', { 'http-equiv': 'refresh', content: '0;url=http://HOST' })`,
}
const TOOLS = `
  const add = (tag, attributes) => { const element = document.createElement(tag); for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value); document.body.append(element); return element }
  const frame = (srcdoc, sandbox) => add('iframe', sandbox === undefined ? { srcdoc } : { srcdoc, sandbox })
  const script = (text) => '<script>' + text + '</' + 'script>'`

/** Where a click on the button leads. */
const AWAY: Readonly<Record<string, string>> = {
  address: `location.href = 'http://HOST'`,
  file: `location.href = 'file:///etc/hostname'`,
  'another page of the folder': `location.href = 'core.css'`,
  reload: 'location.reload()',
  form: `{ const form = add('form', { action: 'http://HOST', method: 'post' }); form.submit() }`,
  'form to itself': `add('form', {}).submit()`,
  link: `add('a', { href: 'http://HOST', ping: 'http://HOST', target: '_blank' }).click()`,
  window: `window.open('http://HOST'); window.open('about:blank'); window.open('file:///etc/hostname')`,
  frame: `frame(script("top.location = 'http://HOST'"), 'allow-scripts allow-top-navigation')`,
  mail: `location.href = 'mailto:a@example.com'`,
  'page of the browser': `location.href = 'chrome://version'`,
  data: `location.href = 'data:text/html,gone'`,
}

/** What nobody answers. */
const QUESTIONS: Readonly<Record<string, string>> = {
  dialogs: `for (let i = 0; i < 20; i++) { alert(i); confirm(i); prompt(i) }`,
  print: 'print()',
  download: `{ const link = add('a', { download: 'x.txt', href: URL.createObjectURL(new Blob(['x'])) }); link.click() }`,
  'file chooser': `add('input', { type: 'file' }).click()`,
  permissions: `Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => {}); navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => {})`,
  windows: `for (let i = 0; i < 20; i++) window.open('about:blank')`,
  clipboard: `add('input', { value: 'x' }).select(); if (document.execCommand('copy')) $('done').remove(); navigator.clipboard.writeText('x').then(() => $('done').remove(), () => {})`,
  'full screen': `document.body.requestFullscreen().catch(() => {})`,
  messages: `for (let i = 0; i < 2000; i++) console.log('x'.repeat(100))`,
  frames: `for (let i = 0; i < 20; i++) frame('<p>x</p>')`,
  'a question at the end': `window.onbeforeunload = (event) => { event.preventDefault(); return 'x' }`,
}

/** What puts another document in the page's place, or never ends. */
const BREAKS: Readonly<Record<string, string>> = {
  blob: `location.href = URL.createObjectURL(new Blob(['gone'], { type: 'text/html' }))`,
  'empty page': `location.href = 'about:blank'`,
  'script address': `location.href = 'javascript:"<p>gone</p>"'`,
  loop: 'for (;;) {}',
  'dialogs without end': 'for (;;) alert(1)',
  lie: `dpoDriver.state = async () => ({ done: false, reward: 0, instruction: 'x'.repeat(1e5), elements: [], dropped: 0 })`,
  'loop in an answer': 'core.getUtterance = () => { for (;;) {} }',
}

describe.each(HOSTS)('%s', (_name, openHost) => {
  let host: BrowserHost
  let session: Session
  beforeAll(() => {
    host = openHost()
  })
  afterAll(() => host.close())
  beforeEach(() => {
    session = new Session(host, { ...SESSION_DEFAULTS, answerTimeLimit: 4000 })
  })
  afterEach(() => session.close())

  const page = (script: string, onClick: string) =>
    workbench.page(
      '<button id="b">Try</button><button id="done">Done</button>',
      `${TOOLS}\n${script}\n$('b').onclick = () => { ${onClick} }; $('done').onclick = () => core.judge(true)`.replaceAll(
        'HOST',
        `127.0.0.1:${port}`,
      ),
    )
  const soon = () => new Promise((resolve) => setTimeout(resolve, 400))
  /** Clicks "Try", then "Done", and returns how the episode ended. */
  const solve = async (onClick: string) => {
    const { elements } = await session.reset(page('', onClick), 1)
    await session.step({ kind: 'click', ref: elements[0]!.ref })
    await soon()
    return session.step({ kind: 'click', ref: elements[1]!.ref })
  }

  test('nothing that a page sends leaves it', async () => {
    await session.reset(page(Object.values(CALLS).join('\n'), ''), 1)
    await soon()
    const { observation } = await session.step({ kind: 'click', ref: 1 })
    await soon()
    expect(arrived).toEqual([])
    expect(renderPage(observation)).toContain('Try button')
    expect(await session.page!.evaluate('peers.length')).toBe(2)
  })

  test.each(Object.entries(AWAY))('a way out is ignored: %s', async (_way, onClick) => {
    expect(await solve(onClick)).toMatchObject({ ending: { outcome: 'success' } })
    expect(arrived).toEqual([])
  })

  test.each(Object.entries(QUESTIONS))('nothing waits for a person: %s', async (_question, onClick) => {
    expect(await solve(onClick)).toMatchObject({ ending: { outcome: 'success' } })
    expect(await session.reset(workbench.page('<button>B</button>'), 1)).toMatchObject({ elements: [{ name: 'B' }] })
  })

  test.each(Object.entries(BREAKS))('what breaks the page is a fault: %s', async (_how, onClick) => {
    await expect(solve(onClick)).rejects.toThrow(EnvironmentFault)
    expect(await session.reset(workbench.page('<button>B</button>'), 1)).toMatchObject({ elements: [{ name: 'B' }] })
  })

  test('a page that grows is shown within the budget', async () => {
    const many = `for (let i = 0; i < 5000; i++) add('button', {}).textContent = 'x' + i; setInterval(() => { for (let i = 0; i < 50; i++) add('p', {}).textContent = 'more' }, 20)`
    const { elements, dropped } = await session.reset(page(many, ''), 1)
    expect(elements.length).toBeLessThanOrEqual(100)
    expect(dropped).toBeGreaterThan(4900)
    expect(await session.step({ kind: 'click', ref: 2 })).toMatchObject({ ending: { outcome: 'success' } })
  })
})

test('a script that eats memory ends its own page, and the next episode is played', async () => {
  const host = chromiumHost()
  const session = new Session(host)
  const eater = workbench.page(
    '<button id="b">B</button>',
    `$('b').onclick = () => { const all = []; for (;;) all.push(new Array(1e5).fill(1.5)) }`,
  )
  await session.reset(eater, 1)
  await expect(session.step({ kind: 'click', ref: 1 })).rejects.toThrow(EnvironmentFault)
  expect(await session.reset(workbench.page('<button>B</button>'), 1)).toMatchObject({ elements: [{ name: 'B' }] })
  await session.close()
  await host.close()
})
