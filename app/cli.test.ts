import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { lockStore } from '../main/store/lock.ts'
import { testNative } from '../testing/native.ts'
import { dpoDriver } from './cli.ts'

// No test asks the hub.
vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:60999')

const folder = mkdtempSync(join(tmpdir(), 'cli-'))

/** Runs a command line. Returns its output and its exit code. */
async function cli(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver(args, { out: into('stdout'), err: into('stderr') })
  return { status, stdout: written.stdout, stderr: written.stderr.trim() }
}

/** Options for a configuration whose store is in the empty folder. */
function config(text = ''): string[] {
  const path = join(folder, 'my.yaml')
  const paths = { store: 'lab.sqlite', reports: 'reports', sft_data: 'golden.jsonl', preference_data: 'pairs.jsonl' }
  const own = Object.entries(paths).map(([key, name]) => `${key}: ${join(folder, name)}`)
  writeFileSync(path, `paths: {${own.join(', ')}}\n${text}`)
  return ['--config_path', path]
}

test('help names the commands and the exit codes; each command has an example', async () => {
  const { status, stdout } = await cli('--help')
  expect(status).toBe(0)
  expect(stdout).toMatch(/verify .*golden .*sft .*collect .*dpo .*evaluate .*pipeline .*runs /s)
  expect(stdout).toContain('Exit codes: 0 done, 1 a fault of the lab, 2 something you can mend')
  for (const command of [
    'verify',
    'golden',
    'sft',
    'collect',
    'dpo',
    'evaluate',
    'retrain',
    'pipeline',
    'runs',
    'delete',
    'export',
    'serve',
    'play',
    'predict',
    'estimate',
    'merge',
    'study',
    'studies',
    'worker',
    'workers',
  ]) {
    expect(await cli(command, '--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`npx dpo-driver ${command}`),
    })
  }
  expect((await cli('adapter', 'import', '--help')).stdout).toContain('npx dpo-driver adapter import training/trained')
})

test.each([
  [['nonsense'], /unknown command 'nonsense'/],
  [['export', 'pears', 'x.jsonl'], /Allowed choices are preferences, kto, episodes, metrics, trl/],
  [['evaluat'], /Did you mean evaluate/],
  [['sft', '--sead', '3'], /unknown option '--sead'/],
  [['sft', '--seed', 'seven'], /^--seed must be a whole number, but is "seven"\.$/],
  [['sft', '--config_path', 'none.yaml'], /^none.yaml: the configuration cannot be read/],
  [
    ['sft', '--set', 'training.sft.max_step=3'],
    /^command line: unknown key training.sft.max_step, perhaps training.sft.max_steps\.$/,
  ],
  [['retrain', '--run', 'abc'], /^--run must be a whole number, but is "abc"\.$/],
  [['export', 'kto', '-', '--run', '1.5'], /^--run must be a whole number/],
  [['estimate', '--prompt', 'long'], /^--prompt must be a whole number of tokens above 0\.$/],
  [
    ['estimate', '--set', 'model.base_model_name=No/Such'],
    /^No\/Such could not be downloaded: .* cannot be reached .*; check the network/,
  ],
  [['merge', 'main', '--adapter', 'absent'], /main already exists and is not an empty folder/],
  [
    ['merge', 'absent/merged', '--adapter', 'sft', '--set', 'paths.sft_adapter_path=absent/own'],
    /absent\/own\/adapter_config\.json is missing/,
  ],
  [
    ['merge', 'absent/merged', '--adapter', 'package.json'],
    /package\.json\/adapter_config\.json is missing; give the folder of a LoRA adapter/,
  ],
  [['play', 'click-button', '--set', 'model.base_model_name=absent.gguf'], /absent\.gguf is missing; name a file/],
  [['play', 'click-button', '--seed', '99999999999999999999'], /^--seed must be between -9007199254740991 and 9007/],
  [['pipeline', '--rounds', '0'], /^command line: flywheel.rounds must be at least 1, but is 0\.$/],
])('%j is bad input, said in a sentence', async (args, message) => {
  const { status, stdout, stderr } = await cli(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(message)
  expect(stderr).not.toContain('    at ')
})

test('a configuration with a mistake leaves no files behind', async () => {
  expect(await cli('pipeline', ...config('training: {dpo: {bata: 1}}'))).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/my\.yaml:2: unknown key training.dpo.bata, perhaps training\.dpo\.beta\.$/),
  })
  expect(readdirSync(folder)).toEqual(['my.yaml'])
})

test('there is nothing to resume before the first run', async () => {
  const { status, stderr } = await cli('pipeline', '--resume', ...config())
  expect(status).toBe(2)
  expect(stderr).toBe('There is nothing to resume: pipeline has not run yet. Leave out --resume to start it.')
})

test('an unknown task is reported with its nearest names', async () => {
  const { status, stderr } = await cli('golden', '--tasks', 'click-buton', ...config())
  expect(status).toBe(2)
  expect(stderr).toMatch(/no task click-buton.*click-button/)
})

test('task names may be separated by commas', async () => {
  const { stderr } = await cli('golden', '--tasks', 'click-button,click-buton', ...config())
  expect(stderr).toMatch(/no task click-buton;/)
})

test('a stage that lacks its input names the command that makes it', async () => {
  const none = `${join(folder, 'none')}`
  const { status, stderr } = await cli('collect', ...config(), '--set', `paths.sft_adapter_path=${none}`)
  expect(status).toBe(2)
  expect(stderr).toMatch(/none: there is no adapter here; run the stage sft first\.$/)
})

test('two commands cannot use one store at a time', async () => {
  const unlock = lockStore(join(folder, 'lab.sqlite'))
  expect(await cli('verify', ...config())).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('another command is using'),
  })
  unlock()
})

test('runs lists them with their status, for people and as JSON', async () => {
  await cli('golden', '--tasks', 'click-buton', ...config())
  expect((await cli('runs', ...config())).stdout).toMatch(/1 {2}dpo-driver {2}golden {4}failed.*\n {6}.*click-buton/)
  const [latest] = (await cli('runs', '--json', ...config())).stdout.trim().split('\n')
  expect(JSON.parse(latest ?? '')).toMatchObject({
    name: 'dpo-driver',
    command: 'golden',
    status: 'failed',
    error: expect.stringContaining('click-buton'),
  })
})

test('a run can be deleted, but not an unknown one, nor while a command is running', async () => {
  await cli('golden', '--tasks', 'click-buton', ...config())
  const runs = async () => {
    const { stdout } = await cli('runs', '--json', ...config())
    return stdout.split('\n').flatMap((line) => /"id":(\d+)/.exec(line)?.[1] ?? [])
  }
  const [latest = ''] = await runs()
  const report = join(folder, `reports/dpo-driver-${latest}`)
  mkdirSync(report, { recursive: true })

  const unlock = lockStore(join(folder, 'lab.sqlite'))
  const refused = await cli('delete', latest, ...config())
  unlock()
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('another command is using') })
  expect(await runs()).toContain(latest)

  // A wrong number beside a right one deletes nothing.
  expect(await cli('delete', latest, '999', ...config())).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('run 999'),
  })
  expect(await runs()).toContain(latest)

  expect(await cli('delete', latest, ...config())).toMatchObject({ status: 0, stdout: `Run ${latest} is deleted.\n` })
  expect(existsSync(report)).toBe(false)
  expect(await runs()).not.toContain(latest)
  expect(await cli('delete', latest, ...config())).toMatchObject({
    status: 2,
    stderr: `There is no run ${latest}; \`npx dpo-driver runs\` lists them.`,
  })
  expect(await cli('delete', 'one', ...config())).toMatchObject({ status: 2, stderr: expect.stringContaining('whole') })
})

test('an export of an unknown run is refused', async () => {
  expect(await cli('export', 'kto', 'x.jsonl', '--run', '99', ...config())).toMatchObject({
    status: 2,
    stderr: 'There is no run 99; `npx dpo-driver runs` lists them.',
  })
})

test('an estimate lists its parts, for people and as JSON, for a model that is not downloaded', async () => {
  const big = [
    '--set',
    'model.base_model_name=Qwen/Qwen2-7B-Instruct',
    'model.precision=nf4',
    'training.dpo.batch_size=1',
  ]
  const { status, stdout } = await cli('estimate', ...big)
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /Qwen2-7B-Instruct in nf4 .*weights +4\.53 GB.*total +\d\.\d\d GB.*Collecting .*cache +0\.5\d GB.*total.*available on this machine/s,
  )
  const json = JSON.parse((await cli('estimate', '--json', '--prompt', '1024', ...big)).stdout)
  expect(json).toMatchObject({
    weights: expect.any(Number),
    total: expect.any(Number),
    generation: { cache: expect.any(Number), total: expect.any(Number) },
    question: { tokens: 1152 },
  })
})

testNative('an estimate says how long the stages take where that is asked for', async () => {
  const { status, stdout } = await cli('estimate', '--time', '--prompt', '32', '--completion', '4')
  expect(status).toBe(0)
  expect(stdout).toMatch(/a pair .*an answer\.\n {2}sft .* steps at most\n {2}collect .*\n {2}dpo .*\n {2}evaluate /s)
  const json = JSON.parse((await cli('estimate', '--time', '--json', '--prompt', '32', '--completion', '4')).stdout)
  expect(json).toMatchObject({ speed: { pair: expect.any(Number) }, times: { attempts: expect.any(Number) } })
})

test('an estimate for TensorFlow.js is for fp32, and says what it leaves out', async () => {
  const big = ['--set', 'model.engine=tfjs-node-gpu', 'model.base_model_name=Qwen/Qwen2-7B-Instruct']
  const { status, stdout } = await cli('estimate', ...big)
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /on tfjs-node-gpu, which holds everything in fp32: .*weights +30\.46 GB.*on top.*NVIDIA card: .*not enough\.\nThe native engine takes about \d+\.\d\d GB/s,
  )
  expect(stdout).not.toContain('in nf4')
  expect(JSON.parse((await cli('estimate', '--json', ...big)).stdout)).toMatchObject({
    weights: 4 * 7_615_616_512,
    least: true,
    engine: 'tfjs-node-gpu',
  })
})

test('with --json every line of output is an event', async () => {
  const { stdout } = await cli('golden', '--json', '--tasks', 'click-buton', ...config())
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ event, status }) => [event, status])).toEqual([
    ['run', undefined],
    ['stage', 'running'],
    ['stage', 'failed'],
    ['end', 'failed'],
  ])
})
