import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../config/config.ts'
import { PAGE_TEMPLATE } from '../environment/page-template.ts'
import { draftTask } from '../environment/tasks.ts'
import { english } from '../messages/say.ts'
import { checkPage, previewPage } from './page-draft.ts'
import { Workshop } from './workshop.ts'

let folder: string
let workshop: Workshop
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drafts-'))
  workshop = new Workshop(() => loadConfig(undefined), {})
})
afterAll(async () => {
  await workshop.close()
  rmSync(folder, { recursive: true, force: true })
})

const draft = (html: string, name = 'pick-word') => draftTask({ tasksDir: join(folder, 'tasks') }, name, html)
/** The template with another body of genProblem. */
const page = (body: string) =>
  PAGE_TEMPLATE.replace(/function genProblem\(\) \{[\s\S]*?\n\}\n/, `function genProblem() {${body}}\n`)
const found = async (html: string, golden: Parameters<typeof checkPage>[2] = []) => {
  const checks = await checkPage(workshop, draft(html), golden)
  return checks.map(({ name, ok, found: told }) => [name, ok, english(told)] as const)
}

test('a draft is shown seed by seed, is given its new text at once, and is written nowhere', async () => {
  const one = await previewPage(workshop, draft(PAGE_TEMPLATE), 1)
  expect(one.instruction).toMatch(/^Pick \w+\.$/)
  expect(one.page.split('\n')).toHaveLength(4)
  expect(Buffer.from(one.picture, 'base64').subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
  expect((await previewPage(workshop, draft(PAGE_TEMPLATE), 2)).instruction).not.toBe(one.instruction)
  const other = await previewPage(workshop, draft(PAGE_TEMPLATE.replace('Pick $', 'Press $')), 1)
  expect(other.instruction).toBe(one.instruction.replace('Pick', 'Press'))
  expect(existsSync(join(folder, 'tasks'))).toBe(false)
})

test('a draft reads the files of its folder, and nothing else', async () => {
  const tasksDir = join(folder, 'with-files')
  writeFileSync(join(folder, 'secret.js'), 'core.ask("secret")')
  mkdirSync(tasksDir)
  writeFileSync(join(tasksDir, 'words.js'), 'const WORD = "beside"')
  const html = page('core.ask(WORD)').replace('<script>', '<script src="words.js"></script><script>')
  const task = (text: string) => draftTask({ tasksDir }, 'reads', text)
  expect((await previewPage(workshop, task(html), 0)).instruction).toBe('beside')
  await expect(previewPage(workshop, task(html.replace('words.js', '../secret.js')), 0)).rejects.toThrow(/secret\.js/)
  expect(readdirSync(tasksDir)).toEqual(['words.js'])
})

test('a page that cannot be played is told why', async () => {
  await expect(previewPage(workshop, draft(page('throw new Error("no words")')), 0)).rejects.toThrow(
    /cannot be played: a script of the page failed: .*no words/,
  )
  await expect(previewPage(workshop, draft('<p>empty'), 0)).rejects.toThrow(/core\.js/)
})

test('the checks of a good page, and of its golden sample', async () => {
  const [repeats, solvable, accident] = await found(PAGE_TEMPLATE)
  expect(repeats).toEqual(['repeats', true, 'Each seed from 0 to 4 gave its problem again.'])
  expect(solvable?.slice(0, 2)).toEqual(['solvable', null])
  expect(accident?.[1]).toBe(true)
  const { instruction, page: text } = await previewPage(workshop, draft(PAGE_TEMPLATE), 7)
  const word = instruction.slice('Pick '.length, -1)
  const line = text.split('\n').find((one) => one.includes(` ${word} button `))!
  const sample = { prompt: [], task: 'pick-word', seed: 7, step: 0, source: 'hand' }
  const recorded = (action: string) => [{ ...sample, completion: `Thought: click ${word}\nAction: click ${action}` }]
  expect((await found(PAGE_TEMPLATE, recorded(line.trim())))[1]).toEqual([
    ...['solvable', true, 'Problems that your golden samples solved: 1 of 1.'],
  ])
  expect((await found(PAGE_TEMPLATE, recorded('nothing button 99')))[1]?.[1]).toBe(false)
})

test('a page that does not repeat, or that chance solves, is told', async () => {
  const button = 'core.show(core.make("button", { onclick: () => core.judge(true) }, ["go"]))'
  const [random] = await found(page(`core.ask(crypto.randomUUID());${button}`))
  expect(random?.slice(0, 2)).toEqual(['repeats', false])
  const [same, , accident] = await found(page(`core.ask("Press go.");${button}`))
  expect(same).toEqual(['repeats', true, 'Seeds 0 to 4 all gave the same problem: the seed changes nothing.'])
  expect(accident?.[1]).toBe(false)
  expect(accident?.[2]).toMatch(/^Problems that random clicks solved: 20 of 20\. /)
})

test('the checks of a slow page end at their limit, or when somebody cancels them; then the page can be shown again', async () => {
  const slow = page(
    'for (let at = 0; at < 5e8; at++); core.ask("Press go."); core.show(core.make("button", {}, ["go"]))',
  )
  const check = (options: Parameters<typeof checkPage>[3]) => checkPage(workshop, draft(slow), [], options)
  await expect(check({ limit: 1000 })).rejects.toThrow(
    /^The checks were ended after 1 seconds, as the page answers slowly/,
  )
  const cancelled = new AbortController()
  const checking = check({ signal: cancelled.signal })
  setTimeout(() => cancelled.abort(new Error('enough')), 1000)
  await expect(checking).rejects.toThrow('enough')
  expect((await previewPage(workshop, draft(PAGE_TEMPLATE), 1)).instruction).toMatch(/^Pick/)
})
