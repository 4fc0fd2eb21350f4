import { expect, test } from 'vitest'
import { parseConfig } from '../config/config.ts'
import { stageTimes } from './duration.ts'

const speed = { beginning: 0, pair: 40, sample: 25, reference: 12, answer: 10, together: false }

test('stages take what their steps, attempts and episodes take', () => {
  const text = `
tasks: [click-tab, click-link]
training:
  sft: {max_steps: 100, batch_size: 2, grad_accumulation_steps: 2}
  dpo: {max_steps: 50, batch_size: 1, grad_accumulation_steps: 4, imitation: 0, replay: 0}
collect: {seeds_per_task: 5, attempts: 4}
evaluation: {num_episodes_per_task: 10, controls: false}`
  expect(stageTimes(parseConfig(text, 'f'), speed)).toEqual({
    sft: 100 * 4 * 25,
    attempts: 40,
    collect: 40 * 3 * 10,
    step: 4 * 40,
    dpo: 50 * 4 * 40,
    evaluate: 2 * 20 * 3 * 10,
  })
})

test('rounds, controls and what is learned besides the pairs count', () => {
  const at = (overrides: Record<string, unknown>) =>
    stageTimes(parseConfig('', 'f', { 'evaluation.controls': false, 'training.dpo.imitation': 0, ...overrides }), speed)
  const plain = at({ 'training.dpo.replay': 0 })
  expect(at({ 'training.dpo.replay': 0.5 }).step).toBe(16 * (40 + 25 / 2))
  expect(at({ 'training.dpo.replay': 0, 'training.dpo.imitation': 1 }).step).toBe(16 * (40 + 25))
  const twice = at({ 'training.dpo.replay': 0, 'flywheel.rounds': 2 })
  expect([twice.collect, twice.dpo, twice.evaluate]).toEqual([2 * plain.collect, 2 * plain.dpo, 1.5 * plain.evaluate])
  // Half as many attempts again, and for each problem three branches of 16 answers and those that follow.
  expect(at({ 'collect.more_attempts': 4 }).collect).toBe(1.5 * plain.collect)
  expect(at({ 'collect.hard_negatives': true }).collect).toBe(plain.collect + 640 * 3 * (16 + 3) * 10)
  expect(at({ 'evaluation.controls': true }).dpo).toBeGreaterThan(2 * plain.dpo)
})

test('what all prompts begin with is computed once a forest, which has one term of a step or all', () => {
  const at = (beginning: number, together: boolean) =>
    stageTimes(parseConfig('', 'f', { 'training.dpo.max_steps': 1 }), { ...speed, beginning, together })
  const [plain, apart, joined] = [at(0, false), at(100, false), at(100, true)]
  const { sft } = parseConfig('', 'f').training
  expect(apart.sft - plain.sft).toBe(sft.max_steps * sft.grad_accumulation_steps * 100)
  // Pairs, successes and golden samples; of the controls one has golden samples alone, and two have a term beside them.
  expect(apart.step - plain.step).toBe(3 * 100)
  expect(joined.step - plain.step).toBe(100)
  expect(apart.dpo - plain.dpo).toBe((3 + 5) * 100)
  expect(joined.dpo - plain.dpo).toBe((1 + 3) * 100)
  expect([joined.collect, joined.evaluate]).toEqual([plain.collect, plain.evaluate])
})
