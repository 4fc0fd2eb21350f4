import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { browsersOf, membersOf } from '../../testing/browsers.ts'
import { openWorkbench, type Workbench } from '../../testing/workbench.ts'
import { EnvironmentFault } from '../chromium/fault.ts'
import type { Obstacle } from '../store/episode.ts'
import type { Action } from './action.ts'
import { BROWSER_LIMITS, type BrowserHost, chromiumHost } from './browser.ts'
import { hasMiniwob } from './miniwob.ts'
import { renderPage } from './observation.ts'
import { SESSION_DEFAULTS, Session } from './session.ts'
import { BUILTIN_TASKS, findTask, listTasks, type Task } from './tasks.ts'

const MINIWOB = fileURLToPath(new URL('../../data/miniwob', import.meta.url))

let host: BrowserHost
let workbench: Workbench
let session: Session
beforeAll(() => {
  host = chromiumHost()
  workbench = openWorkbench()
})
afterAll(async () => {
  await host.close()
  workbench.remove()
})
beforeEach(() => {
  session = new Session(host)
})
afterEach(() => session.close())

const builtin = (name: string) => findTask(listTasks({}), name)

test('the same seed gives the same problem on a fresh page and on a used one', async () => {
  const task = builtin('click-checkboxes')
  const first = await session.reset(task, 7)
  const other = await session.reset(task, 8)
  await session.step({ kind: 'click', ref: 1 })
  expect(await session.reset(task, 7)).toEqual(first)
  expect(other).not.toEqual(first)
  const fresh = new Session(host)
  expect(await fresh.reset(task, 7)).toEqual(first)
  await fresh.close()
})

test('a problem has its start time once it has begun, and none while its page loads', async () => {
  expect(session.since).toBeNull()
  const before = Date.now()
  const loading = session.reset(builtin('click-checkboxes'), 1)
  expect(session.since).toBeNull()
  await loading
  const first = session.since ?? 0
  expect(first).toBeGreaterThanOrEqual(before)
  await session.reset(builtin('click-checkboxes'), 2)
  expect(session.since).toBeGreaterThan(first)
  const other = session.reset(builtin('click-dialog'), 1)
  await Promise.resolve()
  expect(session.since).toBeNull()
  await other
  await session.close()
  expect(session.since).toBeNull()
})

test('success is raw reward 1; anything less is a failure, and the reward is not decayed', async () => {
  const task = builtin('click-checkboxes')
  for (let seed = 0; ; seed++) {
    const observation = await session.reset(task, seed)
    const boxes = observation.elements.filter(({ role }) => role === 'checkbox')
    const submit = observation.elements.find(({ role }) => role === 'button')!
    if (boxes.length < 3 || observation.instruction.includes('nothing')) continue
    const result = await session.step({ kind: 'click', ref: submit.ref })
    expect(result).toMatchObject({ done: true, ending: { outcome: 'failure', reason: 'wrong' } })
    break
  }
  const observation = await session.reset(builtin('click-dialog'), 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const close = observation.elements.find(({ name }) => name === 'Close')!
  const result = await session.step({ kind: 'click', ref: close.ref })
  expect(result).toMatchObject({ done: true, ending: { outcome: 'success', reward: 1 } })
})

const RECORD = `window.seen = []; for (const type of ['mousedown', 'click', 'keydown', 'input', 'change']) {
  document.getElementById('area').addEventListener(type, (event) => seen.push([event.type, event.isTrusted, event.target.id, event.key ?? ''].join(' '))) }
  window.tell = () => { $('log').textContent = seen.join(', ') }`

test('clicks and keys are trusted events of a user', async () => {
  const task = workbench.page(
    '<input id="i"><button id="b">B</button><p id="log"></p>',
    `${RECORD}; $('b').onclick = tell`,
  )
  const { elements } = await session.reset(task, 1)
  await session.step({ kind: 'fill', ref: elements[0]!.ref, text: 'aé' })
  const { observation } = await session.step({ kind: 'click', ref: elements[1]!.ref })
  const log = observation.elements.find(({ role }) => role === 'p')!.name
  expect(log).toContain('mousedown true i')
  expect(log).toContain('keydown true i a, input true i')
  expect(log).toContain('mousedown true b')
  expect(observation.elements[0]).toMatchObject({ role: 'textbox', value: 'aé' })
})

test('fill replaces the text, empties a field, and takes dates as ISO values', async () => {
  const task = workbench.page('<input id="name" value="old"><input type="date"><textarea id="more">x</textarea>')
  await session.reset(task, 1)
  await session.step({ kind: 'fill', ref: 1, text: 'new text' })
  await session.step({ kind: 'fill', ref: 2, text: '2010-05-20' })
  const { observation } = await session.step({ kind: 'fill', ref: 3, text: '' })
  expect(renderPage(observation).split('\n')).toEqual([
    ' name textbox 1 = new text',
    ' date 2 = 2010-05-20',
    ' more textarea 3 focused',
  ])
})

test('a disabled field is not focused, whenever the browser takes the focus away', async () => {
  const task = workbench.page('<input id="name">', `$('name').onfocus = () => { $('name').disabled = true }`)
  const seen = new Set<string>()
  for (let time = 0; time < 12; time++) {
    await session.reset(task, 1)
    seen.add(renderPage((await session.step({ kind: 'fill', ref: 1, text: 'a' })).observation))
  }
  expect([...seen]).toEqual([' name textbox 1 disabled'])
})

test('select chooses by text; with multiple choice it selects and deselects', async () => {
  const task = workbench.page(
    '<select id="one"><option>a</option><option>b</option></select><select id="many" multiple><option>c</option><option>d</option></select><p id="log"></p>',
    `$('one').onchange = () => { $('log').textContent = 'changed' }`,
  )
  await session.reset(task, 1)
  const options: Action[] = [
    { kind: 'select', ref: 1, option: 'b' },
    { kind: 'select', ref: 2, option: 'c' },
    { kind: 'select', ref: 2, option: 'd' },
    { kind: 'select', ref: 2, option: 'c' },
  ]
  let page = ''
  for (const option of options) page = renderPage((await session.step(option)).observation)
  expect(page.split('\n')).toEqual([
    ' one combobox 1 = b : a | b',
    ' many listbox 2 focused = d : c | d',
    ' changed p 3',
  ])
})

test('press goes to the focused element', async () => {
  const task = workbench.page(
    '<input id="i" value="abc">',
    `$('i').onkeydown = ({ key }) => { if (key === 'Enter') core.judge($('i').value === 'ab') }`,
  )
  await session.reset(task, 1)
  await session.step({ kind: 'click', ref: 1 })
  await session.step({ kind: 'press', key: 'End' })
  await session.step({ kind: 'press', key: 'Backspace' })
  expect(await session.step({ kind: 'press', key: 'Enter' })).toMatchObject({ ending: { outcome: 'success' } })
})

test.each<[Obstacle, string, Action]>([
  ['disabled', '<button disabled>A</button>', { kind: 'click', ref: 1 }],
  ['noText', '<button>A</button>', { kind: 'fill', ref: 1, text: 'x' }],
  ['readOnly', '<input readonly id="fixed">', { kind: 'fill', ref: 1, text: 'x' }],
  ['readOnly', '<fieldset disabled><input></fieldset>', { kind: 'fill', ref: 1, text: 'x' }],
  ['readOnly', '<input type="date" readonly>', { kind: 'fill', ref: 1, text: '2015-01-05' }],
  ['tooLong', '<input maxlength="3">', { kind: 'fill', ref: 1, text: 'four' }],
  ['tooLong', '<textarea maxlength="3"></textarea>', { kind: 'fill', ref: 1, text: 'four' }],
  ['noText', '<input type="file">', { kind: 'fill', ref: 1, text: 'x' }],
  ['noSuchOption', '<select><option>a</option></select>', { kind: 'select', ref: 1, option: 'b' }],
  ['optionDisabled', '<select><option disabled>a</option></select>', { kind: 'select', ref: 1, option: 'a' }],
  [
    'optionDisabled',
    '<select><optgroup disabled><option>a</option></optgroup></select>',
    { kind: 'select', ref: 1, option: 'a' },
  ],
  [
    'optionDisabled',
    '<fieldset disabled><select><option>a</option></select></fieldset>',
    { kind: 'select', ref: 1, option: 'a' },
  ],
  ['noOptions', '<input>', { kind: 'select', ref: 1, option: 'b' }],
  [
    'covered',
    '<button>A</button><div style="position:fixed;inset:0;background:#fff">over</div>',
    { kind: 'click', ref: 1 },
  ],
])('%s: the attempt ends as the agent’s failure', async (reason, html, action) => {
  await session.reset(workbench.page(html), 1)
  expect(await session.step(action)).toEqual({
    observation: { instruction: 'Do it.', elements: [], dropped: 0 },
    done: true,
    ending: { outcome: 'failure', reason, reward: 0 },
  })
})

const FORMS: readonly (readonly [Obstacle, string, readonly string[], readonly string[]])[] = [
  ['notDate', 'type="date"', ['2015-01-05', ''], ['01/05/2015', '5 Jan 2015', '2015-02-30', '2015-1-5', 'today']],
  ['notTime', 'type="time"', ['13:04', '13:04:30', ''], ['1:04 PM', '1:04', '25:00', 'noon']],
  ['notMonth', 'type="month"', ['2015-01', ''], ['January 2015', '2015-13', '01/2015']],
  ['notWeek', 'type="week"', ['2015-W02', ''], ['2015-02', 'week 2', '2015-W60']],
  ['notDatetime', 'type="datetime-local"', ['2015-01-05T13:04', ''], ['2015-01-05', '01/05/2015, 1:04 PM']],
  ['notNumber', 'type="number"', ['12', '-0.5', '1e3', ''], ['twelve', '1,000', '12 apples', '0x1f']],
  ['notOnSlider', 'type="range" min="0" max="10"', ['7', '0', '10'], ['', '11', '-1', '2.5', 'five']],
  ['notColor', 'type="color"', ['#1a2b3c', '#1A2B3C'], ['', 'red', '#123', '1a2b3c']],
]

test.each([true, false])(
  'a field takes only texts of its form, and keeps its value otherwise (trusted %s)',
  async (trusted) => {
    const own = new Session(host, { ...SESSION_DEFAULTS, trusted })
    const wrong: string[] = []
    for (const [wanted, field, taken, refused] of FORMS) {
      const task = workbench.page(
        `<input id="i" ${field}>`,
        `$('i').oninput = () => { window.changed = true }; window.changed = false; window.before = $('i').value`,
      )
      for (const text of [...taken, ...refused]) {
        await own.reset(task, 1)
        const result = await own.step({ kind: 'fill', ref: 1, text })
        const [value, before, changed] = (await own.page!.evaluate(
          `[document.getElementById('i').value, before, changed]`,
        )) as string[]
        const obstacle = taken.includes(text) ? null : wanted
        const got = result.ending !== null && 'reason' in result.ending ? result.ending.reason : null
        const kept = obstacle === null ? value === text.toLowerCase() || value === text : value === before && !changed
        if (got !== obstacle || !kept) wrong.push(`${field} "${text}": ${got}, value "${value}"`)
      }
    }
    expect(wrong).toEqual([])
    await own.close()
  },
)

test('an element out of view is scrolled to', async () => {
  const task = workbench.page(
    '<div style="height:900px"></div><button id="b">B</button>',
    `$('b').onclick = () => core.judge(true)`,
  )
  await session.reset(task, 1)
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success' } })
})

test('a page that stands still for a while changes no outcome', async () => {
  // What covers the button goes after two timers, and the page stands still before the first.
  const task = workbench.page(
    '<button id="b">B</button><div id="over" style="position:fixed;inset:0;background:#fff"></div>',
    `$('b').onclick = () => core.judge(true)
     let asked = false
     $('b').scrollIntoView = () => {
       if (asked) return
       asked = true
       setTimeout(() => setTimeout(() => $('over').remove(), 60), 10)
       for (const end = performance.now() + 500; performance.now() < end; ) {}
     }`,
  )
  await session.reset(task, 1)
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success' } })
})

test('what a click starts within a moment is waited for', async () => {
  const task = workbench.page(
    '<button id="b">B</button><p id="log"></p>',
    `$('b').onclick = () => setTimeout(() => { $('log').textContent = 'later' }, 250)`,
  )
  await session.reset(task, 1)
  const { observation } = await session.step({ kind: 'click', ref: 1 })
  expect(renderPage(observation)).toContain('later p')
})

test('the page’s own clock never ends an episode', async () => {
  const task = workbench.page('<p>wait</p>', 'core.EPISODE_MAX_TIME = 50')
  await session.reset(task, 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await session.step({ kind: 'press', key: 'Tab' })).toMatchObject({ done: false })
})

test('the lab’s time limit is a fault, and the next episode begins on a fresh page', async () => {
  const quick = new Session(host, { ...SESSION_DEFAULTS, episodeTimeLimit: 1 })
  const task = workbench.page('<button>A</button>')
  await quick.reset(task, 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await expect(quick.step({ kind: 'click', ref: 1 })).rejects.toThrow(EnvironmentFault)
  expect(quick.task).toBeUndefined()
  expect((await quick.reset(task, 1)).elements).toHaveLength(1)
  await quick.close()
})

test('a page that never answers is closed, and the next episode is played', async () => {
  const stuck = new Session(host, { ...SESSION_DEFAULTS, answerTimeLimit: 3000 })
  const task = workbench.page('<button id="b">B</button>', `$('b').onclick = () => { for (;;) {} }`)
  await stuck.reset(task, 1)
  await expect(stuck.step({ kind: 'click', ref: 1 })).rejects.toThrow(EnvironmentFault)
  const patient = new Session(host)
  expect((await patient.reset(task, 2)).elements).toHaveLength(1)
  await patient.close()
  await stuck.close()
})

test('a crashed browser is replaced', async () => {
  const task = builtin('click-button')
  const before = await session.reset(task, 3)
  for (const browser of browsersOf()) process.kill(browser, 'SIGKILL')
  await expect(session.step({ kind: 'click', ref: 1 })).rejects.toThrow(EnvironmentFault)
  expect(await session.reset(task, 3)).toEqual(before)
})

test('a browser that is stopped is replaced', async () => {
  const impatient = chromiumHost(undefined, { ...BROWSER_LIMITS, open: 2000 })
  const quick = new Session(impatient, { ...SESSION_DEFAULTS, answerTimeLimit: 2000 })
  const task = builtin('click-button')
  const others = browsersOf()
  const before = await quick.reset(task, 3)
  const [browser] = browsersOf().filter((one) => !others.includes(one))
  process.kill(-browser!, 'SIGSTOP')
  await expect(quick.step({ kind: 'click', ref: 1 })).rejects.toThrow('took longer than')
  expect(await quick.reset(task, 3)).toEqual(before)
  expect(membersOf(browser!)).toEqual([])
  await quick.close()
  await impatient.close()
}, 30_000)

test('a crashed page is told at once, and replaced', async () => {
  const patient = new Session(host, { ...SESSION_DEFAULTS, answerTimeLimit: 60_000 })
  const task = builtin('click-button')
  const before = await patient.reset(task, 3)
  const crash = patient.page!.goto('chrome://crash').catch(() => {})
  await expect(patient.step({ kind: 'press', key: 'Tab' })).rejects.toThrow('the page crashed')
  await crash
  expect(await patient.reset(task, 3)).toEqual(before)
  await patient.close()
})

test('a page cannot reach the network, this machine’s ports, or files outside its folder', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as AddressInfo).port
  const secret = path.join(workbench.dir, '..', `secret-${path.basename(workbench.dir)}.js`)
  writeFileSync(secret, 'window.leaked = true')
  const local = `http://127.0.0.1:${port}`
  const task = workbench.page(
    `<img src="${local}/img"><button id="b">B</button><p id="log"></p>`,
    `fetch('${local}/fetch').catch(() => {}); try { new WebSocket('ws://127.0.0.1:${port}/ws') } catch {}
     navigator.sendBeacon('${local}/beacon', 'x')
     const script = document.createElement('script'); script.src = ${JSON.stringify(pathToFileURL(secret).href)}; document.head.append(script)
     $('b').onclick = () => { window.open('${local}/window'); $('log').textContent = String(window.leaked) }`,
  )
  await session.reset(task, 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { observation } = await session.step({ kind: 'click', ref: 1 })
  expect(renderPage(observation)).toContain('undefined p')
  await new Promise((resolve) => setTimeout(resolve, 300))
  server.close()
  expect(asked).toEqual([])
})

test('a dialog does not stop the episode', async () => {
  const task = workbench.page(
    '<button id="b">B</button>',
    `$('b').onclick = () => { alert('hello'); core.judge(true) }`,
  )
  await session.reset(task, 1)
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success' } })
})

test('the end of an episode stays visible', async () => {
  await session.reset(workbench.page('<button id="b">B</button>', `$('b').onclick = () => core.judge(true)`), 1)
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ done: true })
  const hit = await session.page!.evaluate(`document.elementFromPoint(80, 100).id`)
  expect(hit).not.toBe('sync-task-cover')
})

test('a person’s input is reported as the agent’s actions', async () => {
  await session.reset(workbench.page('<button id="b">B</button><textarea id="t" aria-label="T"></textarea>'), 1)
  const page = session.page!
  await page.click('#b')
  expect(await session.heard()).toEqual([])
  await page.click('#b')
  await page.click('#t')
  await page.type('#t', 'a\nb')
  await page.keyboard.press('Escape')
  expect(await session.heard()).toEqual([
    { kind: 'click', ref: 1, field: false },
    { kind: 'click', ref: 2, field: true },
    { kind: 'fill', ref: 2, text: 'a' },
    { kind: 'fill', ref: 2, text: 'a\n' },
    { kind: 'fill', ref: 2, text: 'a\nb' },
    { kind: 'press', key: 'Escape' },
  ])
  expect(await session.heard()).toEqual([])
  await session.reset(session.task!, 2)
  await page.click('#b')
  expect(await session.heard()).toEqual([])
})

test('what a person types into a date is one fill', async () => {
  await session.reset(workbench.page('<input type="date" id="d" aria-label="D">'), 1)
  const page = session.page!
  await session.heard()
  await page.click('#d', { offset: { x: 12, y: 10 } })
  for (const key of ['ArrowUp', 'Tab', '0', '5', '2', '0', '1', '5'] as const) await page.keyboard.press(key)
  const heard = await session.heard()
  expect(heard.filter(({ kind }) => kind === 'press')).toEqual([{ kind: 'press', key: 'Tab' }])
  expect(heard.at(-1)).toEqual({ kind: 'fill', ref: 1, text: '2015-01-05' })
  expect(heard[0]).toEqual({ kind: 'click', ref: 1, field: true })
})

test('box gives an element’s place; an invisible element has none', async () => {
  const style = 'position: fixed; margin: 0; left: 10px; top: 80px; width: 60px; height: 20px'
  await session.reset(workbench.page(`<button style="${style}">A</button>`), 1)
  expect(await session.box(1)).toEqual({ x: 10, y: 80, width: 60, height: 20 })
  expect(await session.box(9)).toBeNull()
})

test('a picture is a small JPEG', async () => {
  await session.reset(builtin('login-user'), 1)
  const { picture } = await session.shot(null)
  expect([...picture.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  expect(picture.length).toBeLessThan(20_000)
})

/** A page as in MiniWoB++: its library is in a folder beside its own. */
const LIKE_MINIWOB = `<!DOCTYPE html><html><head>
<script src="../core/core.js"></script><link rel="stylesheet" type="text/css" href="../core/core.css">
<script>
var genProblem = function () {
  document.getElementById('query').innerHTML = 'Press it.'
  document.getElementById('area').innerHTML = '<button>Press</button>'
  document.querySelector('button').onclick = function () { core.endEpisode(1.0, true) }
}
window.onload = function () { core.startEpisode() }
</script></head><body><div id="wrap"><div id="query"></div><div id="area"></div></div></body></html>`

/** A folder with one page of the user, and the folder around it. */
function ownPages(page: string): { readonly around: string; readonly tasksDir: string } {
  const around = mkdtempSync(path.join(tmpdir(), 'own-pages-'))
  const tasksDir = path.join(around, 'tasks')
  mkdirSync(tasksDir)
  writeFileSync(path.join(tasksDir, 'press-it.html'), page)
  return { around, tasksDir }
}

/** The width of the task's area, which core.css sets. */
const WIDTH_OF_TASK = `getComputedStyle(document.getElementById('wrap')).width`

test('a page of the user may load its library as the pages of MiniWoB++ do', async () => {
  const { tasksDir } = ownPages(LIKE_MINIWOB)
  await session.reset(findTask(listTasks({ tasksDir }), 'press-it'), 1)
  expect(await session.page!.evaluate(WIDTH_OF_TASK)).toBe('160px')
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success', reward: 1 } })
})

test.skipIf(!hasMiniwob(MINIWOB))('it gets the library of MiniWoB++ where that is installed', async () => {
  const { tasksDir } = ownPages(LIKE_MINIWOB.replace('<head>', '<head><script src="../core/d3.v3.min.js"></script>'))
  await session.reset(findTask(listTasks({ tasksDir, miniwob: MINIWOB }), 'press-it'), 1)
  expect(await session.page!.evaluate('d3.version')).toMatch(/^3\./)
  expect(await session.step({ kind: 'click', ref: 1 })).toMatchObject({ ending: { outcome: 'success' } })
})

test('it gets the library in the folder beside its own, where there is one, and nothing else from there', async () => {
  const { around, tasksDir } = ownPages(LIKE_MINIWOB.replace('<head>', '<head><script src="../secret.js"></script>'))
  cpSync(BUILTIN_TASKS, path.join(around, 'core'), { recursive: true })
  appendFileSync(path.join(around, 'core/core.js'), 'core.own = true')
  writeFileSync(path.join(around, 'secret.js'), 'window.leaked = true')
  await session.reset(findTask(listTasks({ tasksDir }), 'press-it'), 1)
  expect(await session.page!.evaluate('[core.own, window.leaked]')).toEqual([true, null])
})

test('a page without the library is a fault that says so', async () => {
  const { tasksDir } = ownPages('<!DOCTYPE html><div id="area"></div>')
  await expect(session.reset(findTask(listTasks({ tasksDir }), 'press-it'), 1)).rejects.toThrow(
    'the page loads no core.js: copy it into the folder of the page, or load ../core/core.js',
  )
})

/** A page of the user whose head and problem are given. */
function ownPage(
  head: string,
  script = `function genProblem() { document.getElementById('area').textContent = 'here' }`,
): Task {
  const { tasksDir } = ownPages(
    `<!DOCTYPE html><html><head>${head}<script>${script}</script></head><body><div id="wrap"><div id="query">Do it.</div><div id="area"></div></div></body></html>`,
  )
  return findTask(listTasks({ tasksDir }), 'press-it')
}
const UTF8 = '<meta charset="utf-8">'
const CORE = '<script src="../core/core.js"></script>'

test.each<[string, string, string, string?]>([
  [
    'a script of the network',
    `${UTF8}<script src="https://example.com/jquery.js"></script>${CORE}`,
    'the page asks for https://example.com/jquery.js, which it does not get: copy scripts into its folder',
    'function genProblem() { $("#area").text("here") }',
  ],
  [
    'a library that is not there',
    `${UTF8}${CORE}<script src="../core/none.js"></script>`,
    '/core/none.js, which it does not get: copy scripts into its folder',
    'function genProblem() { none() }',
  ],
  ['no genProblem', `${UTF8}${CORE}`, 'the page lacks genProblem: a page writes genProblem', ''],
  [
    'a script that fails at load',
    `${UTF8}${CORE}`,
    'a script of the page failed: oops is not defined',
    'oops(); window.genProblem = () => {}',
  ],
  [
    'a problem that fails',
    `${UTF8}${CORE}`,
    'a script of the page failed: Error: mine',
    `function genProblem() { throw new Error('mine') }`,
  ],
  [
    'another protocol',
    `${UTF8}<script>var core = {}</script>`,
    'the page lacks core.getUtterance, core.startEpisodeReal, core.endEpisode, Math.seedrandom: a page writes genProblem',
  ],
])('a page that cannot be played says what it lacks: %s', async (_what, head, told, script) => {
  await expect(session.reset(ownPage(head, script), 1)).rejects.toThrow(told)
})

test.each([
  ['', 'utf8', true],
  [UTF8, 'utf8', true],
  ['<meta charset="iso-8859-1">', 'latin1', true],
  ['', 'latin1', false],
  [UTF8, 'latin1', false],
] as const)('a page is read in its encoding, or is told: %s, written as %s', async (head, encoding, read) => {
  const task = ownPage(head + CORE)
  const file = fileURLToPath(task.url)
  writeFileSync(file, Buffer.from(readFileSync(file, 'utf8').replace('here', 'Größe'), encoding))
  const page = session.reset(task, 1).then(renderPage)
  if (read) await expect(page).resolves.toContain('Größe')
  else await expect(page).rejects.toThrow('save it as UTF-8, with <meta charset="utf-8"> first in its head')
})

test('a page without an element for its words says so', async () => {
  const { tasksDir } = ownPages(
    `<!DOCTYPE html>${UTF8}${CORE}<script>function genProblem() {}</script><div id="area"></div>`,
  )
  await expect(session.reset(findTask(listTasks({ tasksDir }), 'press-it'), 1)).rejects.toThrow('the page lacks #query')
})

test('the pictures that a page shows under the mouse are loaded before its first problem', async () => {
  await session.reset(workbench.page('<p>first</p>'), 1)
  const asked: string[] = []
  session.page!.on('request', (request) => asked.push(path.basename(request.url())))
  writeFileSync(path.join(workbench.dir, 'more.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  const html = readFileSync(fileURLToPath(workbench.page('<p>second</p>').url), 'utf8')
  const style = '<style>.more:hover { content: url("more.svg") }</style>'
  writeFileSync(path.join(workbench.dir, 'hovers.html'), html.replace('<head>', `<head>${style}`))
  await session.reset(findTask(listTasks({ tasksDir: workbench.dir }), 'hovers'), 1)
  expect(asked).toContain('more.svg')
})
