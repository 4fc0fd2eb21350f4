/**
 * A small pipeline is killed with SIGKILL at ten random instants and resumed each time. It must end with the same
 * episodes, metrics and table as an undisturbed one, leave no process behind, and count nothing twice.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectPath } from '../main/files/paths.ts'
import { writeSmallLab } from '../testing/small-lab.ts'

const KILLS = 10

const folders: string[] = []
let undisturbed: ReturnType<typeof outcomeOf>
/** How many events the undisturbed pipeline prints. */
let length = 0

beforeAll(async () => {
  const folder = workplace()
  const pipeline = start(folder)
  const events = countEvents(pipeline)
  expect(await ending(pipeline)).toBe(0)
  length = events()
  undisturbed = outcomeOf(folder)
  expect(undisturbed.episodes.length).toBeGreaterThan(100)
  expect(undisturbed.metrics.length).toBeGreaterThan(100)
})
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * Ten instants, one in each tenth of the run, so that every stage is hit. They are shares of the printed events, not of
 * the time, which varies with the machine's load.
 */
const instants = Array.from({ length: KILLS }, (_, tenth) => (tenth + 0.95 * Math.random()) / KILLS)

test.each(instants)('a kill after %f of the run changes nothing', async (instant) => {
  const folder = workplace()
  const first = start(folder)
  const events = countEvents(first)
  while (first.exitCode === null && events() < instant * length) await pause(1)
  // Between two events, whatever happens there: a write, the browser, the engine.
  await pause(50 * Math.random())
  const children = descendants(first.pid ?? 0)
  first.kill('SIGKILL')
  expect(await ending(first)).toBe(null)
  await gone(children)
  // A run that was killed before the store had it cannot be resumed.
  const begun = existsSync(join(folder, 'lab.sqlite')) && runs(folder) > 0
  expect(await ending(start(folder, begun ? ['--resume'] : []))).toBe(0)
  expect(outcomeOf(folder)).toEqual(undisturbed)
})

function workplace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'))
  folders.push(folder)
  writeSmallLab(folder, {
    training: { sft: { max_steps: 24, eval_steps: 6 }, dpo: { max_steps: 15, batch_size: 8 } },
    validation: { num_episodes_per_task: 4 },
    evaluation: { num_episodes_per_task: 6 },
    flywheel: { rounds: 2, patience: 2 },
  })
  return folder
}

function start(folder: string, more: readonly string[] = []): ChildProcess {
  const args = [projectPath('app/cli.ts'), 'pipeline', '--json', '--config_path', join(folder, 'config.yaml'), ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout?.resume()
  child.stderr?.on('data', (chunk) => process.stderr.write(chunk))
  return child
}

/** Counts the lines that a process has printed so far. */
function countEvents({ stdout }: ChildProcess): () => number {
  let events = 0
  stdout?.on('data', (chunk: Buffer) => {
    events += chunk.filter((byte) => byte === 10).length
  })
  return () => events
}

function ending(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', resolve))
}

/** All results of a run, without those that depend on time and load. */
function outcomeOf(folder: string) {
  const store = new DatabaseSync(join(folder, 'lab.sqlite'), { readOnly: true })
  const all = (sql: string) =>
    store
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  const outcome = {
    runs: all('SELECT id, status FROM runs'),
    stages: all('SELECT stage, round, status FROM stages ORDER BY stage, round'),
    episodes: all(
      `SELECT stage, round, arm, task, seed, attempt, outcome, reason, fault, reward,
         (SELECT group_concat(completion, char(10)) FROM steps WHERE episode = id) AS completions
       FROM episodes ORDER BY stage, round, arm, task, seed, attempt`,
    ),
    metrics: all(
      `SELECT stage, round, arm, step, name, value FROM metrics WHERE name != 'tokens_per_second'
       ORDER BY stage, round, arm, step, name`,
    ),
    pairs: all('SELECT round, task, seed, step, prompt, chosen, rejected FROM pairs ORDER BY round, id'),
    checkpoints: all('SELECT * FROM checkpoints'),
  }
  store.close()
  const [report = ''] = readdirSync(join(folder, 'reports'))
  const { wall: _, ...summary } = JSON.parse(readFileSync(join(folder, 'reports', report, 'summary.json'), 'utf8'))
  const preferences = readFileSync(join(folder, 'preferences.jsonl'), 'utf8')
  const adapter = readFileSync(join(folder, 'dpo/adapter_model.safetensors')).toString('base64')
  return {
    ...outcome,
    summary,
    preferences,
    adapter,
    files: readdirSync(folder).filter((name) => name.includes('tmp')),
  }
}

function runs(folder: string): number {
  const store = new DatabaseSync(join(folder, 'lab.sqlite'), { readOnly: true })
  try {
    return Number(store.prepare('SELECT count(*) AS runs FROM runs').get()?.runs)
  } catch {
    return 0
  } finally {
    store.close()
  }
}

/** All descendants of a process, the browser's among them. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
        return [{ pid: Number(name), parent: Number(parent) }]
      } catch {
        return []
      }
    })
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)])
  return below(pid)
}

/** Waits until these processes have ended, at most ten seconds. */
async function gone(pids: readonly number[]): Promise<void> {
  const alive = () =>
    pids.filter((pid) => {
      try {
        return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      } catch {
        return false
      }
    })
  for (let waited = 0; alive().length > 0 && waited < 10_000; waited += 100) await pause(100)
  expect(alive()).toEqual([])
}
