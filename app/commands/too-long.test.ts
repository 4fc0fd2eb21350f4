/** Sequences that are longer than the model: refused on every engine, before anything is computed, or cut when asked to. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { PROJECTIONS } from '../../main/config/choices.ts'
import { initLora, saveAdapter } from '../../main/engine/adapter/adapter.ts'
import { architectureOf } from '../../main/engine/architecture.ts'
import { Store } from '../../main/store/store.ts'
import { TESTS_NATIVE } from '../../testing/native.ts'
import { dpoDriver } from '../cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'too-long-'))
const inFolder = (name: string) => join(folder, name)
const ENGINES = [...(TESTS_NATIVE ? ['native'] : []), 'tfjs']

/** A line of a data file: a page of as many elements, and answers. */
function line(elements: number, answers: Readonly<Record<string, string>>): string {
  const page = Array.from({ length: elements }, (_, at) => ` okay button ${at + 1}`).join('\n')
  const said = Object.entries(answers).map(([key, content]) => [key, [{ role: 'assistant', content }]])
  const prompt = [{ role: 'user', content: `Page:\n${page}\nTask: Click on the "okay" button.` }]
  return `${JSON.stringify({ prompt, ...Object.fromEntries(said) })}\n`
}

const ANSWERS = { chosen: 'Thought: okay\nAction: click okay button 1', rejected: 'Thought: no\nAction: press Tab' }
const GOLDEN = { completion: ANSWERS.chosen }

beforeAll(async () => {
  const shape = architectureOf('models/base')
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: [...PROJECTIONS] }
  await saveAdapter(inFolder('sft'), lora, initLora(shape, lora, 1), 'models/base')
  writeFileSync(inFolder('pairs.jsonl'), line(2, ANSWERS) + line(1500, ANSWERS))
  writeFileSync(inFolder('golden.jsonl'), line(2, GOLDEN) + line(3, GOLDEN) + line(1500, GOLDEN))
})

let labs = 0

/** Runs a stage in a store of its own. Returns its exit code, and what it said. */
async function run(command: string, ...settings: string[]) {
  const store = inFolder(`lab-${++labs}.sqlite`)
  const set = [
    ...Object.entries({
      'paths.store': store,
      'paths.reports': inFolder(`reports-${labs}`),
      'paths.sft_data': inFolder('golden.jsonl'),
      'paths.preference_data': inFolder('pairs.jsonl'),
      'paths.sft_adapter_path': inFolder('sft'),
      'paths.dpo_adapter_path': inFolder(`dpo-${labs}`),
      'tracking.uri': null,
      'evaluation.controls': false,
      'training.dpo.max_steps': 1,
      'training.dpo.batch_size': 1,
      'training.dpo.replay': 0,
    }).map(([key, value]) => `${key}=${value}`),
    ...settings,
  ]
  const written = { stdout: '', stderr: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver([command, '--set', ...set], { out: into('stdout'), err: into('stderr') })
  return { status, store, ...written }
}

test.each(ENGINES)('a pair that is longer than the model is refused by %s, with its line', async (engine) => {
  const { status, stderr } = await run('dpo', `model.engine=${engine}`)
  expect(status).toBe(2)
  expect(stderr).toMatch(
    /^\S*pairs\.jsonl:2: prompt and answer have \d{4,} tokens, but the model takes at most 4096\..*training\.dpo\.max_length=4096, which cuts it as TRL does\.\n$/,
  )
})

test('max_length cuts it or leaves it out, and the run keeps how many', async () => {
  const { status, stdout, store: path } = await run('dpo', 'training.dpo.max_length=140')
  expect([status, stdout]).toEqual([0, expect.stringMatching(/Of 2 pairs: \d cut to this length, 1 left out because/)])
  const store = new Store(path)
  const [{ result } = { result: null }] = store.stages.of(1).filter(({ stage }) => stage === 'dpo')
  expect(result).toMatchObject({
    pairs: 1,
    truncations: [{ what: 'pairs', of: 2, cut: 0, dropped: 1, max_length: 140 }],
  })
  store.close()
})

test('estimate refuses lengths that the model does not take', async () => {
  const written = { stdout: '', stderr: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver(['estimate', '--prompt', '4090', '--completion', '7'], {
    out: into('stdout'),
    err: into('stderr'),
  })
  expect([status, written.stdout]).toEqual([2, ''])
  expect(written.stderr).toMatch(/^Prompt and answer have 4097 tokens, but the model takes at most 4096;/)
})
