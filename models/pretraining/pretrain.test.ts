import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadCheckpoint } from '../../main/engine/checkpoint/checkpoint.ts'
import { loadTokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { describeNative, testNative } from '../../testing/native.ts'
import { type Plan, pretrain } from './pretrain.ts'
import { stateFile } from './state.ts'

const settings = {
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  vocab_size: 300,
  pages: 1,
  learning_rate: 1e-3,
  seed: 1,
}

const training = (changes: Partial<Plan> = {}): Plan => {
  const at = mkdtempSync(join(tmpdir(), 'pretrain-'))
  const engine = { threads: 1, products: 'fp32' as const }
  const lessons = { tokenizer: 100, heldOut: 40 }
  return {
    settings,
    lessons,
    steps: 6,
    decay: 0.5,
    folder: join(at, 'training'),
    out: join(at, 'model'),
    engine,
    ...changes,
  }
}

/** Stops a training after so many steps. */
function stoppingAfter(steps: number): Partial<Plan> {
  const stop = new AbortController()
  let left = steps
  return { signal: stop.signal, logEvery: 1, log: (line) => line.startsWith('step') && --left === 0 && stop.abort() }
}

describeNative('a training', () => {
  testNative(
    'that is stopped again and again gives the weights of one that is not',
    async () => {
      const whole = training({ logEvery: 1 })
      expect(await pretrain(whole)).toBe(true)
      const parts = training({ logEvery: 1 })
      expect(await pretrain({ ...parts, ...stoppingAfter(1) })).toBe(false)
      expect(await pretrain({ ...parts, ...stoppingAfter(3) })).toBe(false)
      expect(readdirSync(parts.folder)).not.toContain('model.safetensors')
      expect(await pretrain(parts)).toBe(true)
      const model = (plan: Plan) => readFileSync(join(plan.out, 'model.safetensors'))
      expect(model(parts).equals(model(whole))).toBe(true)
      const facts = JSON.parse(readFileSync(join(parts.out, 'training.json'), 'utf8'))
      const { seconds: _, sittings, ...same } = JSON.parse(readFileSync(join(whole.out, 'training.json'), 'utf8'))
      expect(sittings).toBe(1)
      expect(facts).toMatchObject({ ...same, sittings: 3 })

      // What it wrote is a model with its card.
      expect((await loadCheckpoint(parts.out)).config).toMatchObject({ hidden_size: 32, vocab_size: 300 })
      expect((await loadTokenizer(parts.out)).stopTokenIds).toEqual([299, 297])
      const card = readFileSync(join(parts.out, 'README.md'), 'utf8')
      expect(card).toContain('6 steps of AdamW')
      expect(card).toContain('in 3 sittings')
      expect(card).toMatch(/\| interruption \| \d+\.\d % \| \d+ \|/)

      // It can be given more steps.
      expect(await pretrain({ ...parts, steps: 7 })).toBe(true)
      expect(model(parts).equals(model(whole))).toBe(false)
    },
    60_000,
  )

  testNative(
    'goes on with its own settings only',
    async () => {
      const plan = training({ steps: 1 })
      await pretrain(plan)
      const before = readFileSync(stateFile(plan.folder))
      await expect(pretrain({ ...plan, settings: { ...settings, hidden_size: 64 } })).rejects.toThrow(
        'began with hidden_size 32, not 64',
      )
      expect(readFileSync(stateFile(plan.folder)).equals(before)).toBe(true)
    },
    60_000,
  )
})
