import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/config.ts'
import { expandPlan, planSchema, readPlan } from './plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'plan-'))
writeFileSync(join(folder, 'lab.yaml'), 'project: {seed: 7}\ntasks: [click-tab]\n')

/** Reads a plan; the configuration beside it has seed 7. */
function plan(text: string) {
  const file = join(folder, 'plan.yaml')
  writeFileSync(file, text)
  return readPlan(file, join(folder, 'lab.yaml'))
}

test('a plan is seeds by variants, each with complete settings', () => {
  const { seeds, variants } = plan(`
name: beta
config: lab.yaml
seeds: [1, 2, 9]
set: {training.dpo.max_steps: 20, lora.alpha: 4}
variants:
  as it is: {}
  beta 0.2: {training.dpo.beta: 0.2, training.dpo.max_steps: 30}
`)
  expect(seeds).toEqual([1, 2, 9])
  expect([...variants.keys()]).toEqual(['as it is', 'beta 0.2'])
  const [first, second] = [...variants.values()]
  expect(first).toMatchObject({ project: { name: 'beta' }, tasks: ['click-tab'], lora: { lora_alpha: 4 } })
  expect(first?.training.dpo).toMatchObject({ beta: 0.1, max_steps: 20 })
  expect(second?.training.dpo).toMatchObject({ beta: 0.2, max_steps: 30 })
})

test('without seeds there are five from project.seed on, without variants one', () => {
  expect(plan('name: plain')).toMatchObject({ seeds: [7, 8, 9, 10, 11], variants: { size: 1 } })
  expect(plan('{name: plain, seeds: 2}').seeds).toEqual([7, 8])
})

test.each([
  ['seeds: 2', /plan\.yaml:1: name is missing/],
  ['{name: a, seed: 3}', /plan\.yaml:1: unknown key seed, perhaps seeds/],
  ['name: ..', /name must be .* neither \. nor \.\./],
  [`name: ${'a'.repeat(201)}`, /name must be .* at most 200/],
  ['{name: a, seeds: 9000000000000000}', /has 9000000000000000 trainings; a study takes at most 500/],
  ['name: a/b', /name must be letters, digits, dots, dashes and underscores/],
  ['name: a\nseeds: [1]', /plan\.yaml:2: seeds .*at least/],
  ['name: a\nseeds: [1, 1]', /at least two different training seeds/],
  [
    'name: a\nvariants:\n  x: {training.dpo.bata: 1}',
    /plan\.yaml:3 \(variant x\): unknown key training\.dpo\.bata, perhaps training\.dpo\.beta/,
  ],
  ['name: a\nset: {project.seed: 3}', /sets project\.seed for all members/],
  ['name: a\nvariants: {x: {paths.store: s}}', /Variant x sets paths\.store/],
  ['name: a\nvariants: {}', /has no variant/],
  [
    'name: a\nvariants: {x: {}, y: {tasks: [click-link]}}',
    /Variant y changes which problems are evaluated \(evaluation\.tasks\)/,
  ],
  ['name: a\nvariants: {" x": {}}', /must be one line of at most 60 characters|is wrong/],
  ['name: a\nseeds: 300\nvariants: {x: {}, y: {lora.r: 4}}', /has 600 trainings; a study takes at most 500/],
  ['name: [', /plan\.yaml:1: this is not valid YAML/],
  ['- a', /:1: a configuration is a list/],
])('%j is refused in a sentence', (text, sentence) => {
  expect(() => plan(text)).toThrow(sentence)
})

test('a file that is missing is named', () => {
  expect(() => readPlan(join(folder, 'none.yaml'))).toThrow(/none\.yaml: the plan cannot be read \(ENOENT\)/)
})

test('variants may learn other tasks where all are evaluated on the same', () => {
  const { variants } = plan(
    'name: a\nset: {evaluation.tasks: [click-tab]}\nvariants: {x: {}, y: {tasks: [click-link]}}',
  )
  expect(variants.get('y')?.tasks).toEqual(['click-link'])
})

test('a plan that is too large is refused before thousands of settings are read', () => {
  const variants = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`v ${at}`, {}]))
  const given = planSchema.parse({ name: 'a', variants })
  let read = 0
  const load = () => {
    read++
    return loadConfig(join(folder, 'lab.yaml'))
  }
  expect(() => expandPlan(given, load)).toThrow(/has 25000 trainings/)
  expect(read).toBe(0)
})
