/** `play` and `predict` with real pages and the shipped model. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testNative } from '../../testing/native.ts'
import { dpoDriver } from '../cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'play-'))
const at = (name: string) => join(folder, name)
const paths = { sft_adapter_path: at('sft'), dpo_adapter_path: at('dpo'), store: at('lab.sqlite') }
writeFileSync(at('my.yaml'), JSON.stringify({ paths }))

/** Runs a command line. Returns what it wrote and its exit code. */
async function lab(...args: string[]) {
  const written = { out: '', err: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver([...args, '--config_path', at('my.yaml')], { out: into('out'), err: into('err') })
  return { status, ...written }
}

const put = (name: string, text: string) => {
  writeFileSync(at(name), text)
  return at(name)
}

testNative('play tells every step, and predict answers the same page alike', async () => {
  const { status, out } = await lab('play', 'click-button', '--seed', '5', '--json')
  const lines = out.trimEnd().split('\n')
  const events = lines.map((line) => JSON.parse(line))
  expect(events[0]).toMatchObject({ event: 'problem', task: 'click-button', seed: 5, policy: 'base' })
  const [step] = events.filter(({ event }) => event === 'step')
  expect(step).toMatchObject({ step: 1, done: [], observation: { instruction: events[0].instruction } })
  const { outcome, steps } = events.at(-1)
  expect(steps).toBe(events.length - 2)
  expect(status).toBe(outcome === 'success' ? 0 : 1)

  const page = put('step.json', lines[events.indexOf(step)]!)
  const answer = await lab('predict', '--page', page, '--json')
  const { text, action, completion } = JSON.parse(answer.out)
  expect({ text, action, completion }).toEqual({ text: step.text, action: step.action, completion: step.completion })
  expect(answer.status).toBe(step.action === null ? 1 : 0)

  const shown = await lab('play', 'click-button', '--seed', '5')
  expect(shown.out).toContain(`Task: ${events[0].instruction}`)
  expect(shown.out).toMatch(/^(Solved|Not solved): /m)
})

testNative('predict sees an HTML page as the agent does, without its neighbours in the network', async () => {
  const page = put(
    'form.html',
    '<script src="https://a.example/x.js"></script><label>Name <input></label><button>Go</button>',
  )
  const { out, status } = await lab('predict', '--page', page, '--instruction', 'Press Go.')
  expect(out).toMatch(/^(Thought: .*\nAction: |Answer: )/)
  expect([0, 1]).toContain(status)
})

test.each([
  [['play', 'click-buton'], /There is no task click-buton; the nearest names are click-button/],
  [['play', 'click-button', '--seed', '-1'], /--seed must be at least 0/],
  [['play', 'click-button', '--adapter', at('none')], /there is no adapter here/],
  [['predict', '--page', at('none.json')], /there is no file here/],
  [['predict', '--page', folder], /there is no file here/],
  [['predict', '--page', put('text.json', 'Page:')], /is no observation in JSON/],
  [['predict', '--page', put('list.json', '[]')], /is no observation in JSON/],
  [['predict', '--page', put('bad.json', '{"elements": [{"ref": "a"}]}')], /elements\[0\]\.ref must be a number/],
  [['predict', '--page', put('mute.json', '{"elements": []}')], /say with --instruction/],
])('%j is refused', async (args, told) => {
  const { status, err } = await lab(...args)
  expect(err).toMatch(told)
  expect(status).toBe(2)
})
