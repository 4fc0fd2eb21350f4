/** Measures what watching costs: the same attempts with no viewer, and with all of their pages streamed. */
import { type Job, rollout } from '../main/agent/rollout.ts'
import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { Environment } from '../main/environment/environment.ts'
import { Live } from '../main/live/live.ts'
import type { Look } from '../main/live/look.ts'
import { openResources, type Resources } from '../main/pipeline/resources.ts'
import { greedy } from '../main/pipeline/stages/play.ts'
import { changes } from '../main/rpc/changes.ts'
import { openWorkbench } from '../testing/workbench.ts'
import { figure, type Reporter } from './figure.ts'
import { type Contestant, interleave, timed } from './measure.ts'

const TASKS = ['click-button', 'login-user']
const PAGES = [1, 4, 8] as const
/** The first page seed. Any would do, because only speed is measured. */
const SEED = 2_000_000
/** Frames a second that a page must reach. */
const FLUENT = 10

/** Pixels of pictures to a CSS pixel on each side: what the window asks for of several pages, and of one. */
const DENSITIES = [2, 3] as const
const SHARP: Look = { extent: 'task', density: 2 }

/** Seconds that one contestant may play: enough for a few runs of each. */
const PATIENCE = 20

interface Scale {
  readonly rounds: number
  /** Episodes of each task that are timed together. */
  readonly episodes: number
  /** Seconds for which frames are counted. */
  readonly seconds: number
}

const FULL: Scale = { rounds: 5, episodes: 40, seconds: 4 }
/** For a check that everything runs; its figures mean little. */
const QUICK: Scale = { rounds: 1, episodes: 4, seconds: 1 }

/** Reports, on 1, 4 and 8 pages, episodes a second without viewers and with all pages watched, and frames a second. */
export async function benchLive(report: Reporter, quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL
  const base = loadConfig()
  for (const pages of PAGES) {
    const config = { ...base, environment: { ...base.environment, pages } }
    const live = new Live({ config: () => config, grace: 0 })
    const alone = openResources(config)
    const shown = openResources(config, { audience: live.screens.audience() })
    try {
      await compare(config, live, alone, shown, scale, report)
    } finally {
      await Promise.all([alone.close(), shown.close(), live.close()])
    }
    await frameRate(base, pages, scale, report)
  }
}

async function compare(
  config: Config,
  live: Live,
  alone: Resources,
  shown: Resources,
  { rounds, episodes }: Scale,
  report: Reporter,
): Promise<void> {
  const { pages } = config.environment
  const jobs: Job[] = alone
    .tasksNamed(TASKS)
    .flatMap((task) => Array.from({ length: episodes }, (_, i) => ({ task, seed: SEED + i, attempt: 0 })))
  const model = await alone.model()
  const play = (resources: Resources) =>
    rollout(model, resources.environment(), jobs, {
      adapter: null,
      sampling: greedy(config),
      spectator: resources.audience?.spectator({ stage: 'bench', round: 0, arm: '' }),
    })
  const contestants: Contestant[] = [
    { name: 'alone', run: () => timed(() => play(alone)) },
    { name: 'unseen', run: () => timed(() => play(shown)) },
    ...DENSITIES.map((density) => ({
      name: `seen ${density}`,
      run: () => timed(() => looking(live, { extent: 'task', density }, () => play(shown))),
    })),
  ]
  const seconds = await interleave(contestants, rounds, PATIENCE)
  const rate = (name: string) => jobs.length / seconds.get(name)!
  const compared = (name: string, who: string) =>
    report.figure(figure('live', `${title(pages)}, ${who}`, 'episodes/s', rate(name), 'no live view', rate('alone')))
  compared('unseen', 'nobody looks')
  for (const density of DENSITIES) compared(`seen ${density}`, `all are looked at, density ${density}`)
}

function title(pages: number): string {
  return pages === 1 ? '1 page' : `${pages} pages`
}

/** Runs the work while every screen is watched; resolves to the number of frames seen of each screen. */
async function looking(live: Live, look: Look, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const leaving = new AbortController()
  const frames = new Map<string, number>()
  const pictures = (async () => {
    for await (const { screen, jpeg } of live.sights(undefined, leaving.signal, look)) {
      if (jpeg !== null) frames.set(screen.id, (frames.get(screen.id) ?? 0) + 1)
    }
  })()
  const states = (async () => {
    const leave = live.screens.enter('job')
    for await (const _ of changes(live.screens.changes, leaving.signal, { atMost: 100 })) live.state()
    leave()
  })()
  try {
    await work()
  } finally {
    leaving.abort()
    await Promise.all([pictures, states])
  }
  return frames
}

/** Frames a second of pages that never stand still: that of the slowest page. */
async function frameRate(base: Config, pages: number, { seconds }: Scale, report: Reporter): Promise<void> {
  const workbench = openWorkbench()
  const task = workbench.page(
    '<p id="clock"></p>',
    `setInterval(() => { $('clock').textContent = performance.now().toFixed() }, 10)`,
  )
  const config = { ...base, environment: { ...base.environment, pages, tasks_dir: workbench.dir } }
  const live = new Live({ config: () => config, grace: 0 })
  const audience = live.screens.audience()
  const spectator = audience.spectator({ stage: 'bench', round: 0, arm: '' })
  const environment = new Environment({ pages })
  try {
    const ended = Promise.withResolvers<void>()
    const begun = Array.from({ length: pages }, (_, seed) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const held = environment.use(task, async (session) => {
        const observation = await session.reset(task, seed)
        spectator.began({ task, seed, attempt: 0, session }, observation)
        resolve()
        await ended.promise
      })
      return { begun: promise, held }
    })
    await Promise.all(begun.map(({ begun: one }) => one))
    const counts = await looking(live, SHARP, () => new Promise((resolve) => setTimeout(resolve, seconds * 1000)))
    ended.resolve()
    await Promise.all(begun.map(({ held }) => held))
    const least = Math.min(...live.state().screens.map(({ id }) => counts.get(id) ?? 0)) / seconds
    report.figure(figure('live', `${title(pages)} in motion, each`, 'frames/s', least, 'fluent', FLUENT))
  } finally {
    audience.leave()
    await Promise.all([environment.close(), live.close()])
    workbench.remove()
  }
}
