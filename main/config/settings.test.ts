import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { projectPath } from '../files/paths.ts'
import { parseConfig } from './config.ts'
import { keyPaths } from './explain.ts'
import { configSchema } from './schema.ts'
import { Settings } from './settings.ts'

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'settings-')), 'config.yaml')
  copyFileSync(projectPath('config.yaml'), path)
})

const text = () => readFileSync(path, 'utf8')

test('a value is written into its line, and every other line stays unchanged', () => {
  const before = text().split('\n')
  new Settings(path).set({ 'training.dpo.beta': 0.25, 'evaluation.controls': false, 'model.threads': 2 })
  const after = text().split('\n')
  expect(after).toHaveLength(before.length)
  expect(after.filter((line, at) => line !== before[at])).toEqual([
    '  threads: 2',
    '    beta: 0.25',
    '  controls: false',
  ])
})

test('lists keep their form', () => {
  new Settings(path).set({ tasks: ['miniwob/click-tab-v1', 'enter-text'], 'lora.target_modules': ['q_proj', 'v_proj'] })
  expect(text()).toContain('tasks:\n  - click-tab\n  - enter-text\n')
  expect(text()).toContain('target_modules: [q_proj, v_proj]\n')
  expect(new Settings(path).read().tasks).toEqual(['click-tab', 'enter-text'])
})

test('a text of layers is written as the list that it names, and null again as null', () => {
  const settings = new Settings(path)
  settings.set({ 'lora.layers_to_transform': '12-14' })
  expect(text()).toContain('  layers_to_transform: [12, 13, 14]\n')
  settings.set({ 'lora.layers_to_transform': '12,13,14,20' })
  expect(settings.read().lora.layers_to_transform).toEqual([12, 13, 14, 20])
  settings.set({ 'lora.layers_to_transform': null })
  expect(text()).toContain('  layers_to_transform: null\n')
})

test('a written value is read back, and so are edits by another program', () => {
  const settings = new Settings(path)
  settings.set({ 'project.seed': 7, 'environment.tasks_dir': 'my tasks: all' })
  expect(settings.read()).toEqual(
    configSchema.parse({ project: { seed: 7 }, environment: { tasks_dir: 'my tasks: all' } }),
  )
  writeFileSync(path, text().replace('seed: 7', 'seed: 8'))
  expect(settings.read().project.seed).toBe(8)
})

test('a file without some keys, or with TRL’s names, gets the new value and keeps the others', () => {
  writeFileSync(path, '# mine\ntraining:\n  dpo:\n    per_device_train_batch_size: 4 # small card\n')
  new Settings(path).set({ 'training.dpo.beta': 0.3, 'golden.samples_per_task': 5 })
  expect(text()).toMatch(/^# mine\n/)
  expect(text()).toContain('# small card')
  expect(parseConfig(text(), 'my.yaml')).toEqual(
    configSchema.parse({ training: { dpo: { batch_size: 4, beta: 0.3 } }, golden: { samples_per_task: 5 } }),
  )
})

test.each([
  [{ 'training.dpo.beta': -1 }, /^settings: training\.dpo\.beta must be more than 0, but is -1\.$/],
  [{ 'training.dpo.bata': 1 }, /^settings: unknown key training\.dpo\.bata, perhaps training\.dpo\.beta\.$/],
  [{ 'evaluation.seed_start': 100_000 }, /overlap those from/],
  [{ 'project.seed': 1 }, /project\.seed was given on the command line/],
])('%j is refused in a sentence and nothing is written', (values, sentence) => {
  const before = text()
  expect(() => new Settings(path, { 'project.seed': 3 }).set({ 'collect.attempts': 9, ...values })).toThrow(sentence)
  expect(text()).toBe(before)
})

test('the form describes every key: its type, its explanation, its value', () => {
  const fields = new Settings(path, { 'training.dpo.beta': 0.7 }).fields()
  const groups = new Set(fields.map(({ group }) => group))
  expect(fields.map(({ key }) => key)).toEqual(
    keyPaths(configSchema).filter((key) => !groups.has(key) && key !== 'training'),
  )
  expect(fields.filter(({ explanation }) => explanation === '')).toEqual([])
  const field = Object.fromEntries(fields.map((one) => [one.key, one]))
  expect(field['training.dpo.beta']).toMatchObject({
    group: 'training.dpo',
    type: 'number',
    above: 0,
    min: null,
    default: 0.1,
    value: 0.7,
    explanation: "DPO's beta: a larger one keeps the policy closer to the SFT policy.",
    advanced: false,
    commands: ['dpo'],
  })
  expect(field['environment.pages']).toMatchObject({ type: 'integer', min: 1, max: 64 })
  expect(field['model.threads']).toMatchObject({ type: 'integer', words: ['auto'], advanced: true })
  expect(field['environment.tasks_dir']).toMatchObject({ type: 'text', nullable: true, default: null })
  expect(field['training.dpo.loss_type']?.choices).toContain('ipo')
  expect(field['lora.target_modules']).toMatchObject({ type: 'list', choices: expect.arrayContaining(['q_proj']) })
  expect(field['lora.layers_to_transform']).toMatchObject({ type: 'text', nullable: true, default: null })
  expect(field.tasks).toMatchObject({ type: 'list', words: expect.arrayContaining(['classic', 'broad']) })
  expect(field['evaluation.tasks']).toMatchObject({
    type: 'list',
    words: expect.arrayContaining(['broad']),
    nullable: true,
  })
  expect(field['collect.top_p']).toMatchObject({ above: 0, max: 1 })
})
