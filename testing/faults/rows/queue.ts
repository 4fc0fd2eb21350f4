/** Workers, labs, servers and networks that fail while a lab and a worker play for one run. All are the real programs. */
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { differences, type Outcome, outcomeOf } from '../../campaign/outcome.ts'
import { type Place, removePlace } from '../../campaign/place.ts'
import { type Ended, type Program, type ProgramOptions, startProgram } from '../../campaign/program.ts'
import { type NetworkNamespace, noNamespaces, openNamespace } from '../../network-namespace.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../redis-server.ts'
import { startProxy, type TcpProxy } from '../../tcp-proxy.ts'
import type { Fault, Ground, Seen } from '../fault.ts'
import { ending, endingFaults, stillThere } from '../judge.ts'
import { noMemoryGroups, openMemoryGroup } from '../memory-group.ts'
import { poisonedBy } from '../poisoned.ts'
import { stepOf } from './disk.ts'

/** Some attempts have ended. */
const AT_WORK = /"event":"progress","stage":"collect"[^\n]*"done":[1-9]/
/** A worker has begun with problems of the lab. */
const PLAYS = /Plays for/

interface Scene {
  readonly redis: RedisServer
  /** Between the lab and the server. */
  readonly proxy: TcpProxy
  readonly lab: Program
  readonly worker: Program
  /** The network of the one that has a network of its own. */
  readonly network: NetworkNamespace | undefined
  /** Goes on with the run. */
  resume(): Program
  readonly ground: Ground
  /** Adds what does not hold. */
  wrong(line: string): void
}

interface Stage {
  /** There is work left after the pause, and after a lock has run out. */
  readonly isLong?: boolean
  /** Who has a network of its own. */
  readonly apart?: 'lab' | 'worker'
  /** The worker has this limit on its memory, in MB. */
  readonly megabytes?: number
}

/** Lets a lab and a worker collect, disturbs them, and compares the episodes with those of the lab alone. */
function during(
  name: string,
  must: string,
  disturb: (scene: Scene) => Promise<Program>,
  { isLong = false, apart, megabytes }: Stage = {},
): Fault {
  return {
    name: `queue: ${name}`,
    must,
    missing() {
      if (!hasRedisServer()) return 'needs redis-server'
      return (apart === undefined ? null : noNamespaces()) ?? (megabytes === undefined ? null : noMemoryGroups())
    },
    async inject(ground) {
      const settings = isLong ? longSettings(ground) : []
      const alone = isLong ? await playedAlone(ground, settings) : stepOf(ground, 'collect').outcome
      const [place, other] = [ground.place('collect'), ground.place('collect')]
      const network = apart === undefined ? undefined : openNamespace(1)
      const memory = megabytes === undefined ? undefined : openMemoryGroup(megabytes)
      const host = network?.gateway ?? '127.0.0.1'
      const redis = await startRedis('--appendonly', 'yes', '--bind', host, '--protected-mode', 'no')
      const proxy = await startProxy(redis.port, host)
      const wrong: string[] = []
      let ended: Ended
      try {
        const direct = `redis://${host}:${redis.port}`
        const through = (who: 'lab' | 'worker'): ProgramOptions =>
          apart === who && network !== undefined ? { through: network.through } : {}
        const worker = startProgram(other, ['worker', '--queue', direct], {
          ...through('worker'),
          ...(memory === undefined ? {} : { through: memory.through }),
        })
        await worker.line(/waits for problems/)
        const address = apart === 'lab' ? direct : `redis://127.0.0.1:${proxy.port}`
        const queue = ['--json', '--set', ...settings, `workers.queue=${address}`]
        const lab = startProgram(place, ['collect', ...queue], through('lab'))
        await Promise.all([lab.line(AT_WORK), Promise.race([worker.line(PLAYS), worker.ended])])
        const resume = () => startProgram(place, ['collect', '--resume', ...queue], through('lab'))
        const scene = { redis, proxy, lab, worker, network, resume, ground }
        ended = await (await disturb({ ...scene, wrong: (line) => wrong.push(line) })).ended
        worker.signal('SIGCONT')
        worker.signal('SIGINT')
        await worker.ended
      } finally {
        await proxy.close()
        await redis.close()
        network?.close()
      }
      wrong.push(...endingFaults(ended), ...(ended.code === 0 ? [] : ['the run did not end']))
      wrong.push(...(await stillThere(place)), ...(await stillThere(other)))
      memory?.close()
      wrong.push(...differences(played(alone), played(outcomeOf(place))))
      removePlace(place)
      removePlace(other)
      return { seen: ending(ended), wrong }
    },
  }
}

/** All that was played, and the pairs. */
function played(outcome: Outcome): Outcome {
  return new Map(['table steps', 'table pairs'].map((name) => [name, outcome.get(name) ?? ['missing']]))
}

/** A run that takes a lab alone longer than the pause and the time that a lock lasts. */
function longSettings({ pause: seconds }: Ground): string[] {
  return [`collect.seeds_per_task=${10 + 3 * seconds}`]
}

/** What a lab alone plays with these settings, by the settings: several rows compare with it. */
const alones = new Map<string, Promise<Outcome>>()

function playedAlone(ground: Ground, settings: readonly string[]): Promise<Outcome> {
  const key = settings.join(' ')
  const known = alones.get(key) ?? playAlone(ground.place('collect'), settings)
  alones.set(key, known)
  return known
}

async function playAlone(place: Place, settings: readonly string[]): Promise<Outcome> {
  const { code, err } = await startProgram(place, ['collect', '--json', '--set', ...settings]).ended
  if (code !== 0) throw new Error(`the lab alone ends with ${code}: ${err}`)
  const outcome = outcomeOf(place)
  removePlace(place)
  return outcome
}

/** Whether a program is still at work. */
async function isAtWork({ ended }: Program): Promise<boolean> {
  return Promise.race([ended.then(() => false), pause(100, true)])
}

/** A problem that kills whoever plays it, the lab as well: a lab and two workers, and the lab is started again. */
const poisoned: Fault = {
  name: 'queue: poisoned problem kills every worker',
  must: 'set aside after three tries, as a fault, and told; all else the same',
  missing: () => (hasRedisServer() ? null : 'needs redis-server'),
  async inject(ground): Promise<Seen> {
    const alone = stepOf(ground, 'collect').outcome
    const problem = problemOf(alone)
    const env = poisonedBy(problem)
    const [place, ...others] = [ground.place('collect'), ground.place('collect'), ground.place('collect')]
    const redis = await startRedis()
    const wrong: string[] = []
    const queue = ['--json', '--set', `workers.queue=${redis.address}`]
    let [kills, out] = [0, '']
    let ended: Ended
    try {
      const workers = others.map((other) => startProgram(other, ['worker', '--queue', redis.address], { env }))
      await Promise.all(workers.map((worker) => worker.line(/waits for problems/)))
      ended = await startProgram(place, ['collect', ...queue], { env }).ended
      out += ended.out
      while (ended.code === null && kills < 5) {
        kills++
        ended = await startProgram(place, ['collect', '--resume', ...queue], { env }).ended
        out += ended.out
      }
      for (const worker of workers) {
        worker.signal('SIGINT')
        if ((await worker.ended).code === null) kills++
      }
    } finally {
      await redis.close()
    }
    wrong.push(...endingFaults(ended), ...(ended.code === 0 ? [] : ['the run did not end']))
    for (const one of [place, ...others]) wrong.push(...(await stillThere(one)))
    if (kills !== 3) wrong.push(`killed ${kills} programs, not 3`)
    if (!out.includes('setAside')) wrong.push('not told')
    const found = outcomeOf(place)
    const faults = rowsOf(found, 'table episodes', problem).filter((row) => row.includes('"outcome":"fault"'))
    if (faults.length !== 4) wrong.push(`${faults.length} faults for 4 attempts`)
    wrong.push(...differences(without(alone, problem), without(found, problem)))
    for (const one of [place, ...others]) removePlace(one)
    return { seen: `${ending(ended)}; ${kills} programs killed, ${faults.length} attempts set aside`, wrong }
  },
}

interface ProblemName {
  readonly task: string
  readonly seed: number
}

/** A problem in the middle of the run. */
function problemOf(outcome: Outcome): ProblemName {
  const rows = (outcome.get('table episodes') ?? []).filter((row) => row.includes('"stage":"collect"'))
  const { task, seed } = JSON.parse(rows[rows.length >> 1] ?? '{}') as ProblemName
  return { task, seed }
}

const isOf = (row: string, { task, seed }: ProblemName) =>
  row.includes('"stage":"collect"') && row.includes(`"task":"${task}","seed":${seed},`)

function rowsOf(outcome: Outcome, table: string, problem: ProblemName): string[] {
  return (outcome.get(table) ?? []).filter((row) => isOf(row, problem))
}

/** The steps of all other problems. A pair has no seed, so pairs are not compared. */
function without(outcome: Outcome, problem: ProblemName): Outcome {
  const steps = outcome.get('table steps') ?? ['missing']
  return new Map([['table steps', steps.filter((row) => !isOf(row, problem))]])
}

export const QUEUE: readonly Fault[] = [
  during('nothing fails', 'the same episodes as alone', async ({ lab }) => lab),
  during('worker killed', 'the same episodes', async ({ lab, worker }) => {
    worker.signal('SIGKILL')
    return lab
  }),
  during(
    'worker stopped for a minute, and others took its problems',
    'the same episodes; what it gives back later does not count',
    async ({ lab, worker, ground, wrong }) => {
      worker.signal('SIGSTOP')
      await pause(1000 * ground.pause)
      if (!(await isAtWork(lab))) wrong('the run was over before the worker went on')
      worker.signal('SIGCONT')
      return lab
    },
    { isLong: true },
  ),
  poisoned,
  ...[250, 400].map((megabytes) =>
    during(`worker with ${megabytes} MB of memory`, 'the same episodes', async ({ lab }) => lab, { megabytes }),
  ),
  during('lab killed and resumed', 'the same episodes', async ({ lab, resume }) => {
    lab.signal('SIGKILL')
    await lab.ended
    return resume()
  }),
  during('server killed and started again', 'the same episodes', async ({ lab, redis }) => {
    await redis.restart({ downFor: 2_000 })
    return lab
  }),
  during(
    'memory of the server full for a minute',
    'told; goes on when there is room; the same episodes',
    async ({ lab, redis, ground }) => {
      const client = new Redis(redis.port)
      await client.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1mb')
      await lab.line(/queueAway/)
      await pause(1000 * ground.pause)
      await client.config('SET', 'maxmemory', '0')
      await lab.line(/queueBack/)
      client.disconnect()
      return lab
    },
    { isLong: true },
  ),
  during('network of the lab silent', 'the same episodes', async ({ lab, proxy, ground }) => {
    proxy.cut(false)
    await pause(1000 * ground.pause)
    proxy.heal()
    return lab
  }),
  during('network of the lab cut', 'the same episodes', async ({ lab, proxy, ground }) => {
    proxy.cut(true)
    await pause(1000 * ground.pause)
    proxy.heal()
    return lab
  }),
  ...(['worker', 'lab'] as const).map((apart) =>
    during(
      `cable of the ${apart} pulled for a minute (network namespace)`,
      'the same episodes',
      async ({ lab, network, ground, wrong }) => {
        network?.cut()
        await pause(1000 * ground.pause)
        if (!(await isAtWork(lab))) wrong('the run was over before the network was back')
        network?.heal()
        return lab
      },
      { isLong: true, apart },
    ),
  ),
]
