import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { planFromRun } from './from-run.ts'

const config = configSchema.parse({
  project: { seed: 7, name: 'mine' },
  tasks: ['click-tab'],
  training: { dpo: { beta: 0.3 } },
  paths: { store: 'elsewhere' },
})
const run = { id: 4, name: 'mine', config }

test('a run is repeated with more seeds, with what it had otherwise than the present configuration', () => {
  expect(planFromRun(run, configSchema.parse({}), { seeds: 3, vary: [] })).toEqual({
    name: 'mine-4-study',
    config: null,
    seeds: [7, 8, 9],
    set: { tasks: ['click-tab'], 'training.dpo.beta': 0.3 },
    variants: { 'as run 4': {} },
  })
  expect(planFromRun(run, config, { seeds: 2, vary: [] }).set).toEqual({})
})

test('every other value of a key is a variant', () => {
  const vary = ['training.dpo.beta=0.1,0.3,0.5', 'training.dpo.loss_type=ipo']
  expect(planFromRun(run, config, { seeds: 2, vary }).variants).toEqual({
    'as run 4': {},
    'beta 0.1': { 'training.dpo.beta': 0.1 },
    'beta 0.5': { 'training.dpo.beta': 0.5 },
    'loss_type ipo': { 'training.dpo.loss_type': 'ipo' },
  })
  expect(() => planFromRun(run, config, { seeds: 2, vary: ['beta'] })).toThrow(/--set takes key=value/)
})

test('keys that end alike, long values and a comma at the end lose no variant', () => {
  const path = (end: string) => `/models/${'long-folder/'.repeat(8)}${end}`
  const vary = [
    'training.sft.max_steps=10,',
    'training.dpo.max_steps=10, 20,10',
    `model.base_model_name=${path('a')},${path('b')},${path('b'.repeat(90))},${path('c'.repeat(90))},/x/${'c'.repeat(90)}`,
  ]
  const { variants } = planFromRun(run, config, { seeds: 2, vary })
  const settings = Object.values(variants).map((own) => Object.values(own)[0])
  expect(settings.slice(0, 6)).toEqual([undefined, 10, 10, 20, path('a'), path('b')])
  expect(Object.keys(variants).slice(1, 4)).toEqual([
    'training.sft.max_steps 10',
    'training.dpo.max_steps 10',
    'training.dpo.max_steps 20',
  ])
  expect(settings).toHaveLength(9)
  expect(Math.max(...Object.keys(variants).map((name) => name.length))).toBe(60)
  expect(() => planFromRun(run, config, { seeds: 2, vary: ['training.dpo.beta= ,'] })).toThrow(/--set takes key=value/)
})
