import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { loadConfig, openConfig, parseConfig, parseOverride } from './config.ts'
import { keyPaths } from './explain.ts'
import { configSchema } from './schema.ts'

/** The message with which a configuration is refused. */
function refusal(text: string, overrides?: Record<string, unknown>): string {
  try {
    parseConfig(text, 'my.yaml', overrides)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return (error as UserError).message
  }
  throw new Error('was not refused')
}

test('the committed config.yaml holds every key, its default, and a comment above it', () => {
  const text = readFileSync(projectPath('config.yaml'), 'utf8')
  expect(loadConfig()).toEqual(configSchema.parse({}))
  const document = parseDocument(text)
  const lines = text.split('\n')
  for (const path of keyPaths(configSchema)) {
    expect(document.hasIn(path.split('.')), `${path} is missing`).toBe(true)
  }
  const bare = lines.filter(
    (line, at) => /^\s*\w+: \S/.test(line) && !/^\s*#/.test(lines[at - 1] ?? '') && !line.includes('dpo_adapter_path'),
  )
  expect(bare).toEqual([])
})

test('the configuration for 7B has the settings that a large model needs', () => {
  const config = loadConfig(projectPath('config.qwen2-7b.yaml'))
  expect(config.model).toMatchObject({ base_model_name: 'Qwen/Qwen2-7B-Instruct', precision: 'nf4' })
  expect(config.training).toMatchObject({
    sft: { learning_rate: 2e-4, max_steps: 60, batch_size: 1, grad_accumulation_steps: 4 },
    dpo: { learning_rate: 2e-5, beta: 0.1, max_steps: 50, batch_size: 1, grad_accumulation_steps: 4 },
  })
  expect(config.evaluation.controls).toBe(false)
})

test.each(['config.qwen2-7b.yaml', 'config.qwen2-0.5b.yaml'])(
  '%s keeps its files apart, and explains every value',
  (file) => {
    const text = readFileSync(projectPath(file), 'utf8')
    const config = loadConfig(projectPath(file))
    const shipped = loadConfig()
    for (const path of ['sft_adapter_path', 'dpo_adapter_path', 'preference_data'] as const) {
      expect(config.paths[path]).not.toBe(shipped.paths[path])
    }
    const lines = text.split('\n')
    const bare = lines.filter((line, at) => /^\s*\w+: \S/.test(line) && !/^\s*#/.test(lines[at - 1] ?? ''))
    expect(bare.map((line) => line.trim().split(':')[0])).toEqual(['dpo_adapter_path', 'preference_data'])
  },
)

test('reads the seed document’s file and fills in the rest', () => {
  const config = parseConfig(
    'model:\n  base_model_name: "Qwen/Qwen2-7B-Instruct"\ntraining:\n  sft: {learning_rate: 2.0e-4, max_steps: 100}\n  dpo:\n    learning_rate: 5.0e-6\n    beta: 0.1\n    max_steps: 50\n    batch_size: 4\n',
    'my.yaml',
  )
  expect(config.training.dpo).toMatchObject({ learning_rate: 5e-6, max_steps: 50, batch_size: 4, loss_type: 'sigmoid' })
  expect(config.training.sft.learning_rate).toBe(2e-4)
})

test('TRL’s names for the batch are read as ours, and Gymnasium’s task ids as tasks', () => {
  const config = parseConfig(
    'training: {dpo: {per_device_train_batch_size: 3}}\ntasks: [miniwob/click-tab-v1, click-tab-2]',
    'f',
  )
  expect(config.training.dpo.batch_size).toBe(3)
  expect(config.tasks).toEqual(['click-tab', 'click-tab-2'])
})

test('a suite stands for its tasks, alone and in a list, and a task counts once', () => {
  const classic = parseConfig('tasks: classic', 'f').tasks
  expect(classic).toHaveLength(16)
  expect(parseConfig('tasks: broad', 'f').tasks).toEqual(configSchema.parse({}).tasks)
  const { tasks, evaluation } = parseConfig(
    'tasks: [enter-time, broad]\nevaluation: {tasks: [classic, choose-list]}',
    'f',
  )
  expect(tasks).toHaveLength(40)
  expect(tasks[0]).toBe('enter-time')
  expect(classic.filter((name) => !tasks.includes(name))).toEqual([])
  expect(evaluation.tasks).toHaveLength(17)
})

test('layers are numbers, a list of them, or a text of numbers and ranges', () => {
  const layers = (given: string) => parseConfig(`lora: {layers_to_transform: ${given}}`, 'f').lora.layers_to_transform
  expect(layers('null')).toBeNull()
  expect(layers('3')).toEqual([3])
  expect(layers('[5, 3, 5]')).toEqual([3, 5])
  expect(layers('12-15')).toEqual([12, 13, 14, 15])
  expect(layers('"0, 4,8-9"')).toEqual([0, 4, 8, 9])
  for (const wrong of ['[]', '5-3', '"2,9-8"', 'upper', '-1', '[1.5]', '1000', '1-2-3', 'true'])
    expect(refusal(`lora: {layers_to_transform: ${wrong}}`), wrong).toMatch(
      /^my.yaml:1: lora.layers_to_transform must be numbers of layers from 0 on, such as 12-23 or 0,4,8, but is /,
    )
})

test('an unknown key is refused with file, line and the nearest key', () => {
  expect(refusal('project:\n  seed: 1\ntraining:\n  dpo:\n    beta: 0.1\n    learning_rat: 3\n')).toBe(
    'my.yaml:6: unknown key training.dpo.learning_rat, perhaps training.dpo.learning_rate.',
  )
  expect(refusal('beta: 0.1')).toBe('my.yaml:1: unknown key beta, which belongs under training.dpo.')
  expect(refusal('lora:\n  zzzzzz: 1')).toMatch(/^my.yaml:2: unknown key lora.zzzzzz; lora has r, lora_alpha/)
})

test.each([
  ['training:\n  dpo:\n    beta: high', 'my.yaml:3: training.dpo.beta must be a number, but is "high".'],
  ['training:\n  dpo:\n    beta: 0', 'my.yaml:3: training.dpo.beta must be more than 0, but is 0.'],
  ['training:\n  sft: {max_steps: 2.5}', 'my.yaml:2: training.sft.max_steps must be a whole number, but is 2.5.'],
  ['training:\n  sft:\n\n    batch_size: 0', 'my.yaml:4: training.sft.batch_size must be at least 1, but is 0.'],
  [
    'model:\n  engine: nativ',
    'my.yaml:2: model.engine must be one of auto, native, webgpu, tfjs-node-gpu, tfjs (perhaps native), but is "nativ".',
  ],
  ['model:\n  threads: many', 'my.yaml:2: model.threads must be auto or a number, but is "many".'],
  ['tasks:\n  - click-tab\n  - 7', 'my.yaml:3: tasks[1] must be a text, but is 7.'],
  ['tasks: []', 'my.yaml:1: tasks must not be an empty list, but is [].'],
  ['environment:\n  trusted_input: yes', 'my.yaml:2: environment.trusted_input must be true or false, but is "yes".'],
  ['- a\n- b', 'my.yaml:1: a configuration is a list of "key: value" lines.'],
  ['training: 5', 'my.yaml:1: training must be a group of keys, but is 5.'],
])('%j is refused in one sentence', (text, message) => {
  expect(refusal(text)).toBe(message)
})

test('broken YAML is refused with its line', () => {
  expect(refusal('project:\n  seed: [1, 2\n')).toMatch(/^my.yaml:\d: this is not valid YAML: .*\.$/)
  expect(refusal('project:\n  seed: 1\n  seed: 2\n')).toMatch(
    /^my.yaml:3: this is not valid YAML: Map keys must be unique/,
  )
})

test('every problem gets a message of its own', () => {
  expect(refusal('lora:\n  r: 0\n  lora_dropout: 2').split('\n')).toHaveLength(2)
})

test('an empty file gives the defaults; a missing file is refused', () => {
  expect(parseConfig('', 'f')).toEqual(configSchema.parse({}))
  expect(() => loadConfig('no/such.yaml')).toThrow(/no\/such.yaml: the configuration cannot be read \(ENOENT\)/)
})

test('a file that is read once gives settings for many overrides, none of which reaches another', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'my.yaml')
  writeFileSync(file, 'training: &t {dpo: {beta: 0.2}}\ntasks: [click-tab, click-link]\n')
  const read = openConfig(file)
  rmSync(file)
  expect(read({ 'training.dpo.beta': 0.3, 'tasks.1': 'click-test', 'lora.r': 3 })).toMatchObject({
    training: { dpo: { beta: 0.3 } },
    tasks: ['click-tab', 'click-test'],
    lora: { r: 3 },
  })
  expect(read()).toMatchObject({ training: { dpo: { beta: 0.2 } }, tasks: ['click-tab', 'click-link'], lora: { r: 8 } })
  expect(() => read({ 'lora.r': 0 }, 'here')).toThrow(/^here: lora.r must be at least 1/)
  expect(() => read({ 'tasks.4000000000': 'click-test' })).toThrow(/tasks must be a list/)
  expect(() => read({ '__proto__.polluted': 1 })).toThrow(/unknown key __proto__/)
})

test('the command line overrides the file and is checked in the same way', () => {
  expect(parseConfig('project: {seed: 1}', 'f', { 'project.seed': 7 }).project.seed).toBe(7)
  expect(parseConfig('', 'f', { 'training.dpo.beta': 0.3 }).training.dpo.beta).toBe(0.3)
  expect(refusal('', { 'project.seed': -1 })).toBe('command line: project.seed must be at least 0, but is -1.')
  expect(refusal('', { 'project.sed': 1 })).toBe('command line: unknown key project.sed, perhaps project.seed.')
  expect(parseOverride('training.dpo.beta=0.2')).toEqual(['training.dpo.beta', 0.2])
  expect(parseOverride('lora.alpha=4')).toEqual(['lora.lora_alpha', 4])
  expect(() => parseOverride('beta')).toThrow(/key=value/)
  expect(refusal('project: {seed: 1}', { 'project.seed.x': 2 })).toBe(
    'command line: project.seed must be a number, but is {"x":2}.',
  )
  expect(refusal('tasks: [click-tab]', { 'tasks.first.x': 2 })).toMatch(/^command line: tasks must be a list/)
  expect(parseConfig('tasks: [click-tab, click-link]', 'f', { 'tasks.1': 'click-test' }).tasks[1]).toBe('click-test')
  expect(refusal('', { 'project.name': '..' })).toMatch(/^command line: project.name must be .* neither \. nor \.\./)
})

test('overlapping seed blocks are refused', () => {
  expect(refusal('collect: {seed_start: 999990}')).toMatch(
    /collect.seed_start .* overlap those from evaluation.seed_start/,
  )
})

test('a YAML alias without an anchor, and aliases without end, are refused with a message', () => {
  expect(refusal('lora:\n  r: *rank')).toMatch(/^my.yaml:2: this is not valid YAML: .*Unresolved alias.*rank/)
  const bomb = [
    'a: &a [x, x]',
    ...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`)}]`),
  ]
  expect(refusal(bomb.join('\n'))).toMatch(/^my.yaml:1: this is not valid YAML: .*[Aa]lias/)
  expect(() => parseOverride('lora.r=*rank')).toThrow('--set lora.r=*rank is not valid YAML')
})
