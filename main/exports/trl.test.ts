import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createBigramEngine } from '../../testing/bigram-engine.ts'
import { prepareLab } from '../../testing/prepared-lab.ts'
import { AgentTexts } from '../agent/texts.ts'
import { loadConfig } from '../config/config.ts'
import type { Config } from '../config/schema.ts'
import type { DLoss, Forest } from '../engine/engine.ts'
import { loadTokenizer } from '../engine/tokenizer/tokenizer.ts'
import { projectPath } from '../files/paths.ts'
import { createLab } from '../lab.ts'
import { planSchema } from '../pipeline/elsewhere.ts'
import { trainPreference } from '../training/preference.ts'
import { exportTrl } from './trl.ts'

let room: string
let config: Config
let target: string
beforeAll(async () => {
  room = mkdtempSync(join(tmpdir(), 'trl-'))
  config = loadConfig(
    await prepareLab(room, { training: { dpo: { max_steps: 7, batch_size: 5, label_smoothing: 0.1 } } }),
  )
})
beforeEach(() => {
  target = join(mkdtempSync(join(room, 'out-')), 'training')
})

/** Exports the prepared run with these settings of its own. */
async function exported(settings: Partial<Config['training']['dpo']> = {}, model: Partial<Config['model']> = {}) {
  const lab = createLab(config)
  try {
    const { store } = lab
    const { id, ...run } = store.runs.get(1)
    const changed = {
      ...run.config,
      training: { ...run.config.training, dpo: { ...run.config.training.dpo, ...settings } },
    }
    const own = {
      ...store.runs,
      get: () => ({ ...run, id, config: { ...changed, model: { ...changed.model, ...model } } }),
    }
    const lent = Object.create(store, { runs: { value: Object.setPrototypeOf(own, store.runs) } })
    const signal = new AbortController().signal
    return await exportTrl(lent, { run: 1, round: 1 }, target, { present: config, signal, say() {}, warn() {} })
  } finally {
    lab.close()
  }
}

function lines(name: string): Record<string, number[]>[] {
  const text = readFileSync(join(target, 'data', `${name}.jsonl`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('has the data as tokens, the settings by TRL’s names, base, adapter and script', async () => {
  const { pairs, successes, golden } = await exported()
  expect(readdirSync(target).sort()).toEqual(
    ['README.md', 'adapter', 'base', 'data', 'lab.json', 'requirements.txt', 'settings.yaml', 'train.py'].sort(),
  )
  expect([lines('pairs').length, lines('successes').length, lines('golden').length]).toEqual([pairs, successes, golden])
  expect(parse(readFileSync(join(target, 'settings.yaml'), 'utf8'))).toMatchObject({
    model_name_or_path: 'base',
    loss_type: ['sigmoid', 'sft'],
    loss_weights: [1, 1],
    label_smoothing: 0.1,
    max_steps: 7,
    per_device_train_batch_size: 5,
    max_length: null,
  })
  const lab = createLab(config)
  const [first] = lab.store.pairs.kept({ run: 1, round: 1 })
  const { started } = lab.store.runs.record(1)
  lab.close()
  const texts = new AgentTexts(await loadTokenizer(projectPath(config.model.base_model_name)), 'compact')
  expect(lines('pairs')[0]).toEqual({
    prompt_ids: [...texts.userTokens(first!.prompt)],
    chosen_ids: [...texts.completionTokens(first!.chosen)],
    rejected_ids: [...texts.completionTokens(first!.rejected)],
  })
  const plan = planSchema.parse(JSON.parse(readFileSync(join(target, 'lab.json'), 'utf8')))
  expect(plan).toMatchObject({ run: 1, round: 1, started, pairs, imitation: 1, replay: 0.5, lora: { r: 8 } })
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    const copy = readFileSync(join(target, 'base', name))
    expect(copy.equals(readFileSync(join(projectPath('models/base'), name))), name).toBe(true)
  }
  expect(existsSync(join(target, 'adapter/adapter_model.safetensors'))).toBe(true)
})

test('the batches are those that the lab trains on', async () => {
  await exported({ grad_accumulation_steps: 2 })
  const dpo = { ...config.training.dpo, grad_accumulation_steps: 2, seed: config.project.seed }
  const ids = (from: readonly number[] | undefined) => Int32Array.from(from ?? [])
  const examples = (name: string) =>
    lines(name).map((one) => ({ prompt: ids(one.prompt_ids), completion: ids(one.completion_ids) }))
  const pairs = lines('pairs').map((one) => ({
    prompt: ids(one.prompt_ids),
    chosen: ids(one.chosen_ids),
    rejected: ids(one.rejected_ids),
  }))
  /** The answers of every step. */
  const seen: string[][] = [[]]
  const engine = createBigramEngine()
  const listening = {
    ...engine,
    async accumulate(forest: Forest, dLoss: DLoss) {
      for (const { tokens, targetStart } of forest) if (targetStart === 0) seen.at(-1)?.push(tokens.join())
      const counts = Int32Array.from(forest, ({ tokens, targetStart }) => tokens.length - targetStart)
      const starts = counts.map((_, i) => counts.subarray(0, i).reduce((sum, count) => sum + count, 0))
      const logprobs = new Float32Array(counts.reduce((sum, count) => sum + count, 0)).fill(-1)
      const scores = { logprobs, entropies: logprobs, hits: new Uint8Array(logprobs.length), starts, counts }
      await dLoss(scores)
      return scores
    },
    async step() {
      seen.push([])
      return { grad_norm: 0 }
    },
  }
  const reference = pairs.map(() => ({ chosen: -1, rejected: -1, mismatched: 0 }))
  await trainPreference({
    engine: listening,
    adapter: null,
    objective: { method: 'dpo', pairs, reference, examples: examples('successes') },
    golden: examples('golden'),
    options: dpo,
  })
  const [successes, golden] = [examples('successes'), examples('golden')]
  const wanted = lines('order').map((step) => [
    ...step.pairs!.flatMap((index) => [pairs[index]!.chosen.join(), pairs[index]!.rejected.join()]),
    ...step.successes!.map((index) => successes[index]!.completion.join()),
    ...step.golden!.map((index) => golden[index]!.completion.join()),
  ])
  expect(wanted).toHaveLength(7)
  expect(wanted[0]).toHaveLength(2 * 10 + 10 + 6)
  const sorted = (steps: readonly string[][]) => steps.map((step) => [...step].sort())
  expect(sorted(seen.slice(0, 7))).toEqual(sorted(wanted))
})

test('a term without weight has no batches, and RPO is a loss of its own', async () => {
  await exported({ imitation: 0, replay: 0, rpo_alpha: 0, loss_type: 'ipo' })
  expect(lines('order')[0]).toMatchObject({ successes: [], golden: [] })
  expect(parse(readFileSync(join(target, 'settings.yaml'), 'utf8'))).toMatchObject({
    loss_type: ['ipo'],
    loss_weights: [1],
  })
})

test('sequences are cut as the lab cuts them', async () => {
  await exported()
  const longest = Math.max(...lines('pairs').map((one) => one.prompt_ids!.length + one.chosen_ids!.length))
  target = join(target, '../shorter')
  await exported({ max_length: longest - 1 })
  for (const one of lines('pairs')) {
    for (const side of ['chosen_ids', 'rejected_ids']) {
      expect(one.prompt_ids!.length + one[side]!.length).toBeLessThan(longest)
    }
  }
})

test('what TRL cannot train in the same way is refused before anything is written', async () => {
  await expect(exported({ loss_type: 'kto' })).rejects.toThrow(/The loss kto takes its reference point/)
  const gguf = join(room, 'model.gguf')
  writeFileSync(gguf, 'GGUF')
  await expect(exported({}, { base_model_name: gguf })).rejects.toThrow(/model\.gguf\), which TRL cannot train/)
  expect(existsSync(target)).toBe(false)
  writeFileSync(join(target, '../mine'), '')
  target = join(target, '..')
  await expect(exported()).rejects.toThrow(/already exists and is not an empty folder/)
})
