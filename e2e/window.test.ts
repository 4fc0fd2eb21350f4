/**
 * A newcomer's whole path through the window, in a real Chromium, against the lab as `serve` starts it: from the tour to
 * the exported report. On the way: reloads, a second browser, both languages, light and dark, and axe on every view.
 * Screenshots of every view are left in coverage/window/.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { fetchChromium } from '../main/environment/browser.ts'
import { projectPath } from '../main/files/paths.ts'
import { writeSmallLab } from '../testing/small-lab.ts'

const SHOTS = projectPath('coverage/window')
/** Milliseconds for what takes an instant, and for what the lab has to work for. */
const SOON = 30_000
const LATER = 300_000
vi.setConfig({ testTimeout: 2 * LATER, hookTimeout: LATER })

const VIEWS = {
  pipeline: 'Pipeline',
  live: 'Live',
  pairs: 'Pairs',
  training: 'Training',
  results: 'Results',
  episodes: 'Episodes',
  runs: 'Runs & models',
} as const
type View = keyof typeof VIEWS

let folder: string
let lab: ChildProcess
let url: string
let browser: Browser
let context: BrowserContext
let page: Page
/** What went wrong in the page since the last look. */
const complaints: string[] = []

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  folder = mkdtempSync(join(tmpdir(), 'window-'))
  const config = writeSmallLab(folder, {
    environment: { pages: 2, pictures: true },
    training: { sft: { max_steps: 16, eval_steps: 8 }, dpo: { max_steps: 12, batch_size: 8 } },
    evaluation: { num_episodes_per_task: 4 },
  })
  lab = spawn(process.execPath, [projectPath('app/cli.ts'), 'serve', '--config_path', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  url = await addressOf(lab)
  browser = await chromium.launch({ executablePath: await fetchChromium(), args: ['--no-sandbox'] })
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
  page = await context.newPage()
  page.setDefaultTimeout(SOON)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
})
afterAll(async () => {
  await browser?.close()
  lab?.kill('SIGTERM')
  await new Promise((ended) => (lab === undefined || lab.exitCode !== null ? ended(0) : lab.once('exit', ended)))
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => {
  expect(complaints.splice(0)).toEqual([])
})

test('the first visit begins with a tour of a minute, by keyboard', async () => {
  await page.goto(url)
  expect(page.url()).not.toContain('token')
  const tour = page.getByRole('dialog', { name: 'A minute’s tour' })
  await tour.waitFor()
  await clean('tour')
  for (let step = 1; step < 4; step++) await page.keyboard.press('Enter')
  await tour.getByRole('heading', { name: 'Press one button' }).waitFor()
  await page.keyboard.press('Enter')
  await tour.waitFor({ state: 'hidden' })
  await page.reload()
  await page.getByRole('heading', { name: 'Pipeline' }).waitFor()
  expect(await tour.count()).toBe(0)
})

test('every view says what to do while there is nothing in it', async () => {
  for (const view of Object.keys(VIEWS) as View[]) {
    await open(view)
    await clean(`empty-${view}`)
  }
  await open('pairs')
  await page.getByRole('heading', { name: 'No pairs yet' }).waitFor()
})

test('settings are explained, checked and saved', async () => {
  await open('pipeline')
  await page.getByRole('button', { name: /Collect/ }).click()
  await page.getByText('Settings', { exact: true }).click()
  const attempts = page.getByRole('textbox', { name: 'attempts' })
  await attempts.fill('0')
  await page.getByText('At least 1.').waitFor()
  expect(await page.getByRole('button', { name: 'Save 1 change' }).isDisabled()).toBe(true)
  await attempts.fill('5')
  await clean('settings')
  await page.getByRole('button', { name: 'Run everything' }).click()
  const unsaved = page.getByRole('dialog', { name: '1 setting is not saved' })
  await unsaved.waitFor()
  await clean('unsaved')
  await unsaved.getByRole('button', { name: 'Cancel' }).click()
  await unsaved.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  await page.getByText(/^Saved in/).waitFor()
  expect(await attempts.inputValue()).toBe('5')
})

test('one button runs everything; a stop in the middle can be gone on from; a reload loses nothing', async () => {
  await open('pipeline')
  await page.getByRole('button', { name: 'Run everything' }).click()
  await logged('Run 1: Whole pipeline')
  await page.getByRole('link', { name: 'Collect, round 1' }).waitFor({ timeout: LATER })

  await open('live')
  await page.getByRole('article').first().waitFor()
  await clean('live')
  await page.reload()
  await page.getByRole('article').first().waitFor()

  await open('pipeline')
  await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Resume run 1' }).waitFor({ timeout: LATER })
  await logged('Run 1 stopped')
  await page.getByRole('button', { name: 'Resume run 1' }).click()
  await logged('Run 1: Whole pipeline, resumed')
  await page.reload()
  await logged('Run 1: Whole pipeline, resumed')
})

test('a second browser sees the same run', async () => {
  const other = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'zh-CN' })
  const second = await other.newPage()
  await second.goto(url)
  await second.getByRole('dialog').waitFor()
  await second.keyboard.press('Escape')
  await second.getByLabel('搜索日志').fill('整条流水线，继续')
  await second.getByRole('log').getByText('运行 1：整条流水线，继续').waitFor({ timeout: SOON })
  // What a stage says is in the reader's language as well.
  await second.getByLabel('搜索日志').fill('个样本，留出')
  await second
    .getByRole('log')
    .getByText(/^6 个样本，留出 \d+ 个/)
    .waitFor({ timeout: SOON })
  await other.close()
})

test('it ends with results that can be read, opened and exported', async () => {
  await open('pipeline')
  await logged('Run 1 done', LATER)
  await clean('pipeline')
  await open('results')
  await page.getByRole('heading', { name: 'Success of every policy' }).waitFor()
  await page
    .getByRole('region', { name: 'DPO against SFT', exact: true })
    .getByRole('button', { name: /solved by both/ })
    .click()
  const problems = page.getByRole('heading', { name: 'Problems: DPO and SFT' })
  await expect.poll(() => problems.evaluate((heading) => heading === document.activeElement)).toBe(true)
  await page.getByRole('region', { name: 'Problems: DPO and SFT' }).getByText('Page as text').first().waitFor()
  await clean('results')

  const report = await context.newPage()
  await report.goto(new URL('/exports/1/report.html?inline', page.url()).href)
  await report.getByRole('heading', { name: 'Success of every policy' }).waitFor()
  await report.close()
  for (const [file, start] of [
    ['summary.json', '{'],
    ['metrics.csv', 'stage,'],
  ] as const) {
    const answer = await context.request.get(new URL(`/exports/1/${file}`, page.url()).href)
    expect(answer.status()).toBe(200)
    expect((await answer.text()).startsWith(start)).toBe(true)
  }
})

test('pairs are read, judged by keys, and every judgement can be undone', async () => {
  await open('pairs')
  const detail = page.getByRole('region', { name: 'The opened pair' })
  const count = page.getByText(/ of \d+ reviewed/)
  await detail.getByText(/^Pair 1 ·/).waitFor()
  const chosen = await answerOf('Chosen')
  await clean('pairs')
  await page.keyboard.press('s')
  await expect.poll(() => answerOf('Rejected')).toBe(chosen)
  await page.keyboard.press('Control+z')
  await expect.poll(() => answerOf('Chosen')).toBe(chosen)
  await page.keyboard.press('d')
  await expect.poll(() => count.textContent()).toMatch(/^1 of/)
  await page.reload()
  await expect.poll(() => count.textContent()).toMatch(/^1 of/)
  await page.getByRole('gridcell', { name: 'dropped' }).first().waitFor()
  await page.getByLabel('Note').fill('the page has two of these')
  await page.keyboard.press('Enter')
  await page.getByLabel('State', { exact: true }).selectOption({ label: 'with a note' })
  await page.getByText('1 pair', { exact: true }).waitFor()

  const divider = page.getByRole('separator', { name: 'Width of the list' })
  await divider.focus()
  await page.keyboard.press('ArrowRight')
  expect(await divider.getAttribute('aria-valuenow')).toBe('44')
  const { x, y, height } = (await divider.boundingBox())!
  await page.mouse.move(x + 8, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x - 100, y + height / 2)
  await page.mouse.up()
  expect(Number(await divider.getAttribute('aria-valuenow'))).toBeLessThan(40)
})

test('the corrected pairs are trained on again, and the new policy stands beside the old one', async () => {
  await page.getByLabel('State', { exact: true }).selectOption({ label: 'All states' })
  const swapped = page.getByRole('region', { name: 'The opened pair' })
  await swapped.getByText(/^Pair 1 ·/).waitFor()
  await page.keyboard.press('j')
  await swapped.getByText(/^Pair 2 ·/).waitFor()
  await page.keyboard.press('s')
  await page.getByText(/^2 of \d+ reviewed/).waitFor()
  await page.getByRole('button', { name: 'Train again' }).click()
  await page.getByRole('heading', { name: 'Pipeline' }).waitFor()
  await logged('Run 2: Train again')
  await logged('1 dropped, 1 swapped')
  await logged('Run 2 done', LATER)
  await clean('train-again')
  await open('results')
  const policies = page.getByRole('region', { name: 'Success of every policy' })
  await policies.getByRole('rowheader', { name: 'DPO before training again' }).waitFor()
  await page.getByRole('region', { name: 'DPO against DPO before training again' }).waitFor()
  await clean('results-again')
})

test('a list of thousands goes to its end and back at once', async () => {
  const exported = await context.request.get(new URL('/exports/1/preferences.jsonl?round=1', page.url()).href)
  const row = z
    .looseObject({ chosen: z.tuple([z.looseObject({ content: z.string() })]) })
    .parse(JSON.parse((await exported.text()).split('\n')[0] ?? ''))
  const [{ content }] = row.chosen
  const many = Array.from({ length: 2000 }, (_, at) => ({
    ...row,
    chosen: [{ role: 'assistant', content: content.replace('Thought: ', `Thought: ${at} `) }],
  }))
  await open('pairs')
  await bringIn('broken.jsonl', `${JSON.stringify(row)}\n{"prompt": 1}`)
  await page.getByText('broken.jsonl:2: prompt must be a list of messages; mend or delete the line.').waitFor()
  // The browser itself writes down that the lab did not take it.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 400')])
  await bringIn('many.jsonl', many.map((one) => JSON.stringify(one)).join('\n'), 'import')
  await page.getByText(/^Imported: \d+ added, \d+ changed, 0 dropped, 0 as they were/).waitFor()
  const grid = page.getByRole('grid')
  const rowCount = async () => Number(await grid.getAttribute('aria-rowcount'))
  await expect.poll(rowCount).toBeGreaterThan(2000)
  const rows = await rowCount()
  const place = (at: number) => page.locator(`[role=grid] tr[aria-rowindex="${at}"] td`).first()
  await grid.focus()
  for (const [key, at] of [
    ['End', rows],
    ['Home', 2],
    ['End', rows],
  ] as const) {
    await page.keyboard.press(key)
    await expect.poll(() => place(at).textContent()).toMatch(/^\d+$/)
  }
})

test('pairs are judged as quickly as keys can be pressed, and an edit is not lost', async () => {
  const grid = page.getByRole('grid')
  const detail = page.getByRole('region', { name: 'The opened pair' })
  const opened = async () =>
    Number(/^Pair (\d+)/.exec((await detail.getByRole('heading', { level: 2 }).textContent()) ?? '')?.[1])
  const idAt = async (place: number) =>
    Number(
      await grid
        .locator(`tr[aria-rowindex="${place + 2}"] td`)
        .first()
        .textContent(),
    )
  const inList = async (state: string) => {
    await page.getByLabel('State', { exact: true }).selectOption({ label: state })
    await grid.focus()
    await expect.poll(async () => (await opened()) === (await idAt(0))).toBe(true)
  }
  const press = async (keys: string) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await inList('kept')
  const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(idAt))
  await press('ddddd')
  await expect.poll(opened).toBe(ids[5])
  // They have left the list, and the pair that follows them is its first.
  await expect.poll(() => idAt(0)).toBe(ids[5])
  // One that stays in the list is gone on from as well.
  await press('a')
  await expect.poll(opened).toBe(ids[6])
  await inList('dropped')
  const dropped = (await grid.locator('tbody td:first-child').allTextContents()).map(Number)
  expect(dropped.filter((id) => ids.includes(id))).toEqual(ids.slice(0, 5))
  await page.keyboard.press('Control+z')
  await page.getByText(`Pair ${ids[5]}: keep taken back.`).waitFor()
  await expect.poll(opened).toBe(ids[5])
  await page.keyboard.press('Control+z')
  await page.getByText(`Pair ${ids[4]}: drop taken back.`).waitFor()
  await expect.poll(opened).toBe(ids[4])

  await page.keyboard.press('e')
  const chosen = detail.getByRole('textbox', { name: 'Chosen' })
  await expect.poll(() => chosen.evaluate((field) => field === document.activeElement)).toBe(true)
  await chosen.fill(await detail.getByRole('textbox', { name: 'Rejected' }).inputValue())
  await page.keyboard.press('Control+Enter')
  await page.getByText(/chosen and rejected are the same text; change one/).waitFor()
  await detail.getByRole('heading', { level: 2 }).click()
  await press('jd')
  expect(await opened()).toBe(ids[4])
  await chosen.fill('Thought: better\nAction: press Tab')
  await page.keyboard.press('Control+Enter')
  await chosen.waitFor({ state: 'hidden' })
  expect(await answerOf('Chosen')).toContain('better')
  await page.keyboard.press('e')
  await chosen.fill('never mind')
  await page.keyboard.press('Escape')
  expect(await answerOf('Chosen')).toContain('better')

  await inList('All states')
  await page.getByText('Prompt', { exact: true }).first().click()
  await press('j')
  await expect.poll(opened).toBe(await idAt(1))
  expect(await page.getByRole('radio', { name: 'Prompt' }).first().isChecked()).toBe(true)
})

test('curves, episodes, runs and models', async () => {
  await open('training')
  await page.getByRole('region', { name: 'Rewards' }).locator('.recharts-line').first().waitFor()
  const plot = page.getByRole('region', { name: 'Rewards' }).getByRole('slider')
  await plot.press('End')
  expect(await plot.getAttribute('aria-valuetext')).toMatch(/^step 12; chosen .* \(raw .*\); rejected /)
  await plot.press('+')
  const all = page.getByRole('button', { name: /^Steps \d+ to 12: show all$/ })
  await all.waitFor()
  await plot.press('0')
  await all.waitFor({ state: 'hidden' })
  await clean('training')

  await open('episodes')
  await page.getByLabel('Outcome', { exact: true }).selectOption('success')
  const step = page.getByText(/^Step \d+ of \d+$/)
  await step.waitFor()
  await clean('episodes')
  await page.evaluate(() => {
    window.location.hash = '#/episodes?reason=wrong'
  })
  const cause = page.getByRole('button', { name: 'Why: the page ended without full reward' })
  await cause.click()
  await cause.waitFor({ state: 'hidden' })

  await open('runs')
  await page.getByLabel('Mark run 1').check()
  await page.getByRole('heading', { name: 'Settings of run 1' }).waitFor()
  await clean('runs')
  await page.getByRole('button', { name: 'More on run 2' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('link', { name: /^2 · / }).waitFor({ state: 'hidden' })
  // What had the focus is gone: it stays in the view.
  await expect.poll(focused).toBe('Runs & models')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: /^2 · / }).waitFor()
  await page.getByText('Models', { exact: true }).click()
  await page.getByRole('heading', { name: 'Made by runs' }).waitFor()
  await clean('models')
})

test('two adapters are compared, merged, and sent to play side by side', async () => {
  for (const name of ['DPO · Run 1', 'SFT · Run 1']) await page.getByLabel(`Compare ${name}`, { exact: true }).check()
  const comparison = page.getByRole('region', { name: 'Two adapters compared' })
  await comparison.getByRole('img', { name: /^q_proj: A .* difference/ }).waitFor()
  await comparison.getByRole('img', { name: /\d+ solved by/ }).waitFor()
  await clean('compare')

  await page
    .getByRole('listitem')
    .filter({ has: page.getByLabel('Compare DPO · Run 1', { exact: true }) })
    .getByRole('button', { name: 'Merge' })
    .click()
  const dialog = page.getByRole('dialog', { name: 'Merge DPO · Run 1' })
  await dialog.getByLabel('Goes into the folder').fill(folder)
  await dialog.getByLabel('Name').fill('merged')
  await clean('merge')
  await dialog.getByRole('button', { name: 'Write the checkpoint' }).click()
  await expect.poll(focused).toBe('Merge')
  await page.getByText(/^The merged model is in .*merged\.$/).waitFor({ timeout: LATER })
  expect(existsSync(join(folder, 'merged/model.safetensors'))).toBe(true)

  await comparison.getByRole('button', { name: 'Play a task with both' }).click()
  await page.getByRole('heading', { name: 'Play one episode' }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page
    .getByRole('article')
    .nth(1)
    .getByText(/success|failure/)
    .first()
    .waitFor({ timeout: LATER })
  expect(await page.getByRole('article').count()).toBe(2)
  await page.getByRole('region', { name: 'DPO · Run 1', exact: true }).waitFor()
  await clean('play')
})

test('a golden sample by hand', async () => {
  await page.getByText('Record', { exact: true }).click()
  await page.getByRole('button', { name: 'Record', exact: true }).click()
  const heading = page.getByRole('heading', { name: /^Click on the "/ })
  await heading.waitFor({ timeout: LATER })
  const wanted = /"(.*)"/.exec((await heading.textContent()) ?? '')?.[1]
  // It is this window's: it survives a reload, and another window has none.
  await page.reload()
  await heading.waitFor()
  const second = await context.newPage()
  await second.goto(page.url().replace(/&screen=.*/, ''))
  await second.getByText('Show the agent how').waitFor()
  await second.close()

  await page.getByText(/^Elements of the page/).click()
  const button = page.getByRole('button', { name: new RegExp(`^Click ${wanted} button \\d+$`) }).first()
  await button.click()
  const save = page.getByRole('button', { name: 'Save' })
  await expect.poll(() => save.isEnabled(), { timeout: LATER }).toBe(true)
  await page.getByRole('button', { name: 'Undo the last step' }).click()
  await page.getByText(/^The last step is undone/).waitFor()
  expect(await save.isEnabled()).toBe(false)
  await button.click()
  await clean('record')
  await expect.poll(() => save.isEnabled(), { timeout: LATER }).toBe(true)
  await page.getByRole('button', { name: 'Begin another' }).click()
  const unsaved = page.getByRole('dialog', { name: 'Your recording is not saved' })
  await unsaved.getByRole('button', { name: 'Save it first' }).waitFor()
  await clean('record-unsaved')
  await unsaved.getByRole('button', { name: 'Cancel' }).click()
  await unsaved.waitFor({ state: 'hidden' })
  await save.click()
  await page.getByText(/^1 sample was added to /).waitFor()
})

test('the command palette and the sheet of keys', async () => {
  // Whatever has the focus: a tab here, then a field.
  await page.getByText('Watch', { exact: true }).click()
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.waitFor()
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'hidden' })
  await open('pipeline')
  await page.getByLabel('Search the log').focus()
  await page.keyboard.press('Control+k')
  await palette.waitFor()
  await clean('every command')
  await page.keyboard.type('go results')
  await expect.poll(() => palette.getByRole('combobox').inputValue()).toBe('go results')
  await clean('palette')
  await page.keyboard.press('Enter')
  await palette.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'Results' }).waitFor()
  await page.keyboard.press('Shift+?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.waitFor()
  await clean('help')
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'hidden' })
  // Training again is said to be on the round that is read.
  await open('pairs')
  await page.getByRole('region', { name: 'The opened pair' }).waitFor()
  await page.keyboard.press('Control+k')
  await palette.getByRole('option', { name: 'Train again on run 1, round 1' }).waitFor()
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'hidden' })
  await page.keyboard.press('7')
  await page.getByRole('heading', { name: 'Runs & models' }).waitFor()
})

test('in Chinese, at night, on a narrow screen', async () => {
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await page.getByRole('heading', { name: '运行与模型' }).waitFor()
  await page.getByRole('button', { name: '配色' }).click()
  await page.getByRole('menuitem', { name: '深色' }).click()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  await page.setViewportSize({ width: 1024, height: 768 })
  for (const [number, view] of Object.keys(VIEWS).entries()) {
    await page.keyboard.press(String(number + 1))
    await page.waitForURL(new RegExp(`#/${view}`))
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForLoadState('networkidle')
    await clean(`zh-dark-${view}`)
    expect(await overflow(), `${view} is wider than the window`).toBeLessThanOrEqual(0)
  }
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  await clean('zh-dark-palette')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  // What a window of 1440 by 900 holds at a zoom of 200 %, and one of 1280 by 1024 at 400 %.
  for (const [zoom, width, height] of [
    [200, 720, 450],
    [400, 320, 256],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const view of [...Object.keys(VIEWS), 'runs?side=models', 'live?mode=play', 'live?mode=record']) {
      await page.evaluate((place) => {
        window.location.hash = `#/${place}`
      }, view)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      await page.screenshot({ path: join(SHOTS, `zoomed-${zoom}-${view.replace(/\W.*=/, '-')}.png`) })
      expect(await overflow(), `${view} at ${zoom} % is wider than the window`).toBeLessThanOrEqual(0)
    }
  }
})

/** The text of what has the focus. */
async function focused(): Promise<string | null> {
  return page.evaluate(() =>
    document.activeElement === document.body ? null : (document.activeElement?.textContent ?? null),
  )
}

/** By how many pixels the page, or the view in it, is wider than what shows it. */
async function overflow(): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.getElementById('content')!
    return Math.max(scrollWidth - clientWidth, document.documentElement.scrollWidth - window.innerWidth)
  })
}

/** Goes to a view by its link, as a mouse would. */
async function open(view: View): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: VIEWS[view] }).click()
  await page.getByRole('heading', { level: 1, name: VIEWS[view] }).waitFor()
}

/** Brings a file of pairs in through the menu; `shot` names a screenshot of what is asked about it. */
async function bringIn(name: string, text: string, shot?: string): Promise<void> {
  await page.getByRole('button', { name: 'Files' }).click()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('menuitem', { name: /^Import/ }).click()
  await (await chooser).setFiles({ name, mimeType: 'application/jsonl', buffer: Buffer.from(text) })
  const dialog = page.getByRole('dialog', { name: `Import ${name}` })
  await dialog.waitFor()
  if (shot !== undefined) await clean(shot)
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** Waits until the log has a line with this text, found by its search. */
async function logged(text: string, timeout = SOON): Promise<void> {
  const search = page.getByLabel('Search the log')
  await search.fill(text)
  await page.getByRole('log').getByText(text).waitFor({ timeout })
  await search.fill('')
}

/** Takes a screenshot and lets axe look at what is on the screen: WCAG 2.2 A and AA, and axe's best practices. */
async function clean(name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) })
  const look = async () => {
    const { violations } = await new AxeBuilder({ page }).analyze()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  }
  // What is still fading in has less contrast: it has to be right once it stands.
  await expect.poll(look, { message: name, timeout: 15_000, interval: 500 }).toEqual([])
}

/** The text of an answer of the opened pair. */
async function answerOf(side: 'Chosen' | 'Rejected'): Promise<string | null> {
  return page.getByRole('heading', { name: side, exact: true }).locator('xpath=following-sibling::*[1]').textContent()
}

/** The address that `serve` prints. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((found, fail) => {
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
      const address = /http:\/\/\S+/.exec(output)?.[0]
      if (address !== undefined) found(address)
    })
    child.once('exit', (code) => fail(new Error(`serve ended with ${code}: ${output}`)))
  })
}
