/**
 * Measures the queue of workers: what it costs a lab that plays alone, what worker processes on this machine add, how simulated
 * machines add up, and the memory of lab and server. It needs redis-server and an SFT adapter or none.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Job, PROBLEMS_PER_PAGE, rollout } from '../main/agent/rollout.ts'
import { loadConfig } from '../main/config/config.ts'
import { configSchema } from '../main/config/schema.ts'
import { projectPath } from '../main/files/paths.ts'
import { UserError } from '../main/messages/error.ts'
import { openResources } from '../main/pipeline/resources.ts'
import { jobsOf, sampled } from '../main/pipeline/stages/play.ts'
import { Store } from '../main/store/store.ts'
import { PATIENCE } from '../main/workers/consumer.ts'
import { distribute, playId } from '../main/workers/distribute.ts'
import { workers } from '../main/workers/presence.ts'
import type { Play, Problem } from '../main/workers/protocol.ts'
import { machineOf, pagesHash, requirementsOf } from '../main/workers/requirements.ts'
import { connectServer, type Server } from '../main/workers/server.ts'
import { HERE, playOf, VOCABULARY } from '../testing/queue-play.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../testing/redis-server.ts'
import { figure, type Reporter } from './figure.ts'
import type { Selection } from './selection.ts'
import { type Recording, readRecordings } from './workers-times.ts'

const TASKS = ['click-button', 'click-tab-2', 'enter-password', 'click-checkboxes']
const SEED = 3_000_000
/**
 * How long simulated machines play, about. At the end all wait for the longest episode, of up to 22 seconds. A hundred machines would reach 89% of a
 * hundred times one in 90 seconds if handing out cost nothing, and 93% in 200.
 */
const SECONDS = { one: 60, many: 200 }
/** The part of a run in which all machines play: neither its beginning nor its end. */
const STEADY = { from: 0.1, to: 0.8 }
/** Milliseconds between two episodes of a simulated machine, at least. The times of slower ones are all divided by the same number. */
const PACE = 400
export async function benchWorkers(report: Reporter, quick: boolean, { case: cases }: Selection): Promise<void> {
  if (!hasRedisServer()) throw new UserError('verbatim', { text: 'This bench needs redis-server.' })
  const wants = (name: string) => cases.length === 0 || cases.some((one) => name.includes(one))
  if (wants('lab')) await withRedis((redis) => benchLab(redis, report, quick))
  for (const recording of readRecordings()) {
    if (wants(`machines ${recording.model}`)) {
      await withRedis((redis) => benchMachines(redis, recording, report, quick))
    }
    if (wants(`killed ${recording.model}`)) await withRedis((redis) => benchKilled(redis, recording, report, quick))
  }
  if (wants('memory')) await withRedis((redis) => benchMemory(redis, report, quick))
}

async function withRedis(work: (redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await startRedis()
  try {
    await work(redis)
  } finally {
    await redis.close()
  }
}

/** The lab with its browser and model: without a queue, with one, and with worker processes beside it. */
async function benchLab(redis: RedisServer, report: Reporter, quick: boolean): Promise<void> {
  const config = loadConfig(undefined, { 'workers.queue': redis.address, 'workers.prefix': 'bench' })
  const resources = openResources(config)
  const children: ChildProcess[] = []
  try {
    const [model, environment, server] = [await resources.model(), resources.environment(), await resources.queue!()]
    const tasks = resources.tasksNamed(TASKS)
    const options = { adapter: null, sampling: sampled(config, 0.8, 1) }
    const shared = new Map<string, string>()
    const machine = machineOf(model)
    const requirements = await requirementsOf(model)
    // Both play the same problems, by turns.
    let seed = SEED
    let plays = 0
    // Runs of about a minute: what a queue takes at the beginning and the end is most of what it takes of short ones.
    const jobs = (seeds = quick ? 1 : 48) => {
      plays++
      return jobsOf(tasks, seed, seeds, 4)
    }
    const { episode_time_limit, trusted_input, max_elements, max_chars, pictures } = config.environment
    const alone = async (seeds?: number) => {
      const given = jobs(seeds)
      return rate(given.length, () => rollout(model, environment, given, options))
    }
    const queued = async (seeds?: number) => {
      const given = jobs(seeds)
      const named = new Map(tasks.map((task) => [task.name, task]))
      return rate(given.length, () =>
        distribute({
          server,
          play: {
            ...playOf(),
            id: playId('bench', plays),
            requirements,
            sampling: options.sampling,
            environment: {
              episodeTimeLimit: episode_time_limit * 1000,
              trusted: trusted_input,
              budget: { elements: max_elements, characters: max_chars },
              pictures,
            },
            pages: Object.fromEntries(tasks.map((task) => [task.name, pagesHash(task, shared)])),
          },
          adapter: null,
          problems: problemsOf(given),
          machine,
          pages: environment.pages,
          slots: environment.pages * PROBLEMS_PER_PAGE,
          vocabulary: model.engine.config.vocab_size,
          async playHere({ task, seed: of, attempts }, signal, onEpisode) {
            const own = attempts.map((attempt): Job => ({ task: named.get(task)!, seed: of, attempt }))
            await rollout(model, environment, own, { ...options, signal, onEpisode })
          },
          onEpisode() {},
          say() {},
          signal: new AbortController().signal,
        }),
      )
    }
    const order = [
      ['alone', alone],
      ['queued', queued],
    ] as const
    await alone(1)
    const rates: { alone: number[]; queued: number[] } = { alone: [], queued: [] }
    for (let round = 0; round < (quick ? 1 : 4); round++) {
      seed += 48
      // Neither is always the later one.
      for (const [name, play] of round % 2 === 0 ? order : order.toReversed()) rates[name].push(await play())
      const [bare, queue] = [rates.alone.at(-1)!, rates.queued.at(-1)!]
      report.note(`lab: ${bare.toFixed(2)} episodes/s without a queue, ${queue.toFixed(2)} with one`)
    }
    report.figure(
      figure(
        'workers',
        'lab with a queue, no worker',
        'episodes/s',
        median(rates.queued),
        'without a queue',
        median(rates.alone),
      ),
    )
    for (const count of quick ? [1] : [1, 2, 4]) {
      while (children.length < count) {
        const args = ['worker', '--queue', redis.address, '--prefix', 'bench']
        children.push(spawn(process.execPath, [projectPath('app/cli.ts'), ...args], { stdio: 'ignore' }))
      }
      while ((await workers(server)).length < count) await pause(100)
      const together: number[] = []
      const lonely: number[] = []
      for (let round = 0; round < (quick ? 1 : 2); round++) {
        lonely.push(await alone(4))
        together.push(await queued(4))
      }
      const name = `lab and ${count} worker processes on this machine`
      report.figure(figure('workers', name, 'episodes/s', median(together), 'without a queue', median(lonely)))
    }
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await resources.close()
  }
}

/** A simulated machine: its times, and the milliseconds between two of its episodes. */
function simulated({ model, kind, cores, pages, rate: recorded, milliseconds }: Recording, report: Reporter) {
  const name = `machine with ${model}`
  const meanOf = (all: readonly number[]) => all.reduce((sum, time) => sum + time, 0) / all.length / pages
  const haste = Math.max(1, Math.floor(meanOf(milliseconds) / PACE))
  const times = milliseconds.map((time) => time / haste)
  report.note(`${name}: recorded ${times.length} episodes on ${cores} cores (${kind}), ${recorded} episodes/s.`)
  if (haste > 1)
    report.note(`${name}: all times are divided by ${haste}, so that the run is long beside its longest episode.`)
  const mean = meanOf(times)
  /** Problems of a machine in so many seconds: whole rounds of the recording, so that all runs have the same mix. */
  const problemsIn = (seconds: number) =>
    times.length * Math.max(1, Math.round(seconds / ((mean * times.length) / 1000)))
  return { name, pages, times, mean, problemsIn }
}

/** Simulated machines: one, and a hundred against a hundred times one. */
async function benchMachines(
  redis: RedisServer,
  recording: Recording,
  report: Reporter,
  quick: boolean,
): Promise<void> {
  const server = await connectServer(redis.address, 'bench')
  const { name, mean, problemsIn, ...machine } = simulated(recording, report)
  const many = quick ? 8 : 100
  try {
    const one = await withMachines(redis, server, 1, machine, () =>
      simulate(server, quick ? 4 : problemsIn(SECONDS.one), 'one'),
    )
    const all = await withMachines(redis, server, many, machine, () =>
      simulate(server, many * (quick ? 4 : problemsIn(SECONDS.many)), 'all'),
    )
    const alone = 1000 / mean
    report.note(`${name}: one machine plays ${one.whole.toFixed(2)} episodes/s (its sleep alone: ${alone.toFixed(2)}).`)
    const title = `${many} x ${name}`
    report.figure(figure('workers', title, 'episodes/s', all.whole, `${many} times one`, many * one.whole))
    report.figure(
      figure(
        'workers',
        `${title}, while all play`,
        'episodes/s',
        all.steady,
        `${many} times the sleep of one`,
        many * alone,
      ),
    )
  } finally {
    server.close()
  }
}

/** A hundred simulated machines, of which a quarter is killed halfway. */
async function benchKilled(redis: RedisServer, recording: Recording, report: Reporter, quick: boolean): Promise<void> {
  const server = await connectServer(redis.address, 'bench')
  const { name, mean, problemsIn, ...machine } = simulated(recording, report)
  const many = quick ? 8 : 100
  const problems = quick ? 4 : problemsIn(SECONDS.many)
  try {
    const killed = await withMachines(redis, server, many, machine, async (children) => {
      const timer = setTimeout(() => children[0]?.kill('SIGKILL'), (mean * problems) / 2)
      try {
        return await simulate(server, many * problems, 'killed')
      } finally {
        clearTimeout(timer)
      }
    })
    report.figure(
      figure(
        'workers',
        `${many} x ${name}, a quarter killed halfway`,
        'episodes/s',
        killed.whole,
        `${many} times the sleep of one`,
        (1000 * many) / mean,
      ),
    )
  } finally {
    server.close()
  }
}

/** The peaks of memory of lab and server while so many episodes pass, and what they fill on disk. */
async function benchMemory(redis: RedisServer, report: Reporter, quick: boolean): Promise<void> {
  const server = await connectServer(redis.address, 'bench')
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const store = new Store(join(folder, 'lab.sqlite'))
  const problems = quick ? 100 : 12_500
  const key = {
    run: store.runs.create('bench', 'collect', configSchema.parse({})),
    stage: 'collect',
    round: 1,
    arm: '',
  }
  try {
    const found = await withMachines(redis, server, 8, { pages: 1, times: [0] }, () =>
      simulate(server, problems, 'memory', 8, (episode, by) => store.episodes.add(key, episode, by)),
    )
    const megabytes = (bytes: number) => bytes / 2 ** 20
    const name = `${problems * 8} episodes`
    report.figure(figure('workers', `${name} taken in and stored`, 'episodes/s', found.whole))
    report.figure(figure('workers', `${name}: peak of the lab`, 'MiB', process.resourceUsage().maxRSS / 1024))
    report.figure(figure('workers', `${name}: peak of redis-server`, 'MiB', megabytes(redis.peak())))
  } finally {
    store.close()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Starts simulated machines, in four processes, and ends them afterwards. */
async function withMachines<T>(
  { address }: RedisServer,
  server: Server,
  count: number,
  { pages, times }: Pick<Recording, 'pages'> & { readonly times: readonly number[] },
  work: (children: readonly ChildProcess[]) => Promise<T>,
): Promise<T> {
  const each = Math.ceil(count / 4)
  const children: ChildProcess[] = []
  for (let first = 0; first < count; first += each) {
    const options = { address, machines: Math.min(each, count - first), first, pages, times }
    const program = projectPath('bench/workers-machines.ts')
    children.push(spawn(process.execPath, [program, JSON.stringify(options)], { stdio: 'ignore' }))
  }
  try {
    while ((await workers(server)).length < count) await pause(50)
    return await work(children)
  } finally {
    for (const child of children) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      }
    }
    // Their notices, for the next.
    for (const { id } of await workers(server)) await server.redis.del(server.key('workers', id))
  }
}

/** Hands problems out to simulated machines and returns episodes a second: of the whole run, and while all play. The lab itself plays next to nothing. */
async function simulate(
  server: Server,
  count: number,
  name: string,
  attempts = 1,
  onEpisode: Parameters<typeof distribute>[0]['onEpisode'] = () => {},
): Promise<{ readonly whole: number; readonly steady: number }> {
  const play: Omit<Play, 'share'> = { ...playOf(), id: playId('bench', name, Date.now()) }
  const problems = Array.from(
    { length: count },
    (_, seed): Problem => ({
      task: 'press',
      seed,
      attempts: Array.from({ length: attempts }, (_, attempt) => attempt),
    }),
  )
  const here = { machine: HERE, pages: 1, slots: 1, vocabulary: VOCABULARY, adapter: null }
  const idle = { ...here, say() {}, signal: new AbortController().signal }
  // It keeps the one problem that it gets until that is all that is left, and that does not count.
  const done = Promise.withResolvers<void>()
  let left = count * attempts
  const began = performance.now()
  const times: number[] = []
  const whole = await rate((count - 1) * attempts, () =>
    distribute({
      ...{ server, play, problems, ...idle, patience: PATIENCE },
      async playHere({ task, seed, attempts: own }, _signal, give) {
        await done.promise
        const { sampleEpisodes } = await import('./workers-episodes.ts')
        for (const episode of sampleEpisodes({ task, seed, attempts: own })) give(episode)
      },
      onEpisode(episode, by) {
        onEpisode(episode, by)
        times.push(performance.now() - began)
        left--
        if (left <= attempts) done.resolve()
      },
    }),
  )
  const [from, to] = [STEADY.from * times.at(-1)!, STEADY.to * times.at(-1)!]
  const steady = (1000 * times.filter((time) => time > from && time <= to).length) / (to - from)
  return { whole, steady }
}

function problemsOf(jobs: readonly Job[]): Problem[] {
  const groups = Map.groupBy(jobs, ({ task, seed }) => `${task.name} ${seed}`)
  return [...groups.values()].map((group) => ({
    task: group[0]!.task.name,
    seed: group[0]!.seed,
    attempts: group.map(({ attempt }) => attempt),
  }))
}

/** Episodes a second. */
async function rate(episodes: number, play: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await play()
  return (1000 * episodes) / (performance.now() - began)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
