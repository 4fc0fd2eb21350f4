import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../../testing/endings.ts'
import { EnvironmentFault } from '../../chromium/fault.ts'
import { configSchema } from '../../config/schema.ts'
import { TRIES } from '../../environment/fault.ts'
import type { Observation } from '../../environment/observation.ts'
import type { Session } from '../../environment/session.ts'
import type { Task } from '../../environment/tasks.ts'
import { Store } from '../../store/store.ts'
import type { StageContext } from '../stage.ts'
import { golden } from './golden.ts'

const TASK = { name: 'click-test', horizon: 2 } as Task

let folder: string
let said: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'golden-'))
  said = []
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Records with an environment that breaks as `broken` says for a seed and the number of this try at it, from 1. */
async function record(name: string, broken: (seed: number, time: number) => EnvironmentFault | null): Promise<string> {
  const path = join(folder, name)
  const tries = new Map<number, number>()
  const session = {
    async reset(_task: Task, seed: number): Promise<Observation> {
      const time = (tries.get(seed) ?? 0) + 1
      tries.set(seed, time)
      const fault = broken(seed, time)
      if (fault !== null) throw fault
      const button = { ref: 1, role: 'button', name: `Click Me ${seed}`, states: [] }
      return { instruction: 'Click the button.', elements: [button], dropped: 0 }
    },
    step: async () => ({ done: true, ending: ENDINGS.success }),
  } as unknown as Session
  const config = configSchema.parse({
    paths: { sft_data: path },
    tasks: [TASK.name],
    golden: { samples_per_task: 3 },
  })
  const store = new Store(join(folder, `${name}.sqlite`))
  const context = {
    config,
    store,
    run: store.runs.create('trial', 'golden', config),
    signal: new AbortController().signal,
    resources: {
      tasksNamed: () => [TASK],
      environment: () => ({ use: (_task: Task, work: (lent: Session) => unknown) => work(session) }),
    },
    progress() {},
    say: (id: string) => said.push(id),
  } as unknown as StageContext
  try {
    await golden.run(context)
  } finally {
    store.close()
  }
  return readFileSync(path, 'utf8')
}

test('an environment that breaks for a while changes no sample', async () => {
  const whole = await record('whole.jsonl', () => null)
  expect(whole.trim().split('\n').length).toBeGreaterThanOrEqual(3)
  const crash = new EnvironmentFault('pageCrashed')
  expect(await record('broken.jsonl', (seed, time) => (time < TRIES.broken - (seed % 2) ? crash : null))).toBe(whole)
})

test('where a seed breaks in every try, no other seed takes its place', async () => {
  const first = configSchema.parse({}).golden.seed_start
  const crash = (seed: number) => (seed === first + 1 ? new EnvironmentFault('pageCrashed') : null)
  await expect(record('broken.jsonl', crash)).rejects.toThrow(
    new RegExp(`page of click-test broke ${TRIES.broken} times at seed ${first + 1} .*the page crashed`),
  )
})

test('a problem that ends before it begins is no sample on any machine', async () => {
  const first = configSchema.parse({}).golden.seed_start
  const over = (seed: number) => (seed === first ? new EnvironmentFault('episodeOverAtOnce') : null)
  expect(await record('over.jsonl', over)).toContain(`"seed":${first + 1}`)
})

test('samples are added to the user’s file; where it takes none, they belong to the run alone', async () => {
  const own = '{"prompt":"p","completion":"c","annotator":"w3"}'
  const path = join(folder, 'own.jsonl')
  writeFileSync(path, own)
  const text = await record('own.jsonl', () => null)
  expect(text.startsWith(`${own}\n{"prompt":`)).toBe(true)
  rmSync(`${path}.sqlite`)
  writeFileSync(path, `[${own}]`)
  expect(await record('own.jsonl', () => null)).toBe(`[${own}]`)
  expect(said).toContain('goldenKept')
})
