/** What looking costs: the same attempts with nobody watching them, and with all of their pages streamed. */
import { type Job, rollout } from '../main/agent/rollout.ts'
import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { openWorkbench } from '../main/environment/workbench.ts'
import { Live } from '../main/live/live.ts'
import { openResources, type Resources } from '../main/pipeline/resources.ts'
import { figure, type Reporter } from './figure.ts'
import { type Contestant, interleave, timed } from './measure.ts'

const TASKS = ['click-button', 'login-user']
const PAGES = 4
/** First page seed; the bench wants speed, so any will do. */
const SEED = 2_000_000

interface Scale {
  readonly rounds: number
  /** Episodes of each task that are timed together. */
  readonly episodes: number
  /** Seconds for which frames are counted. */
  readonly seconds: number
}

const FULL: Scale = { rounds: 5, episodes: 60, seconds: 5 }
/** To see that everything runs; its figures say little. */
const QUICK: Scale = { rounds: 1, episodes: 4, seconds: 1 }

/** Reports episodes a second with nobody looking and with somebody looking at all pages, and frames a second. */
export async function benchLive(report: Reporter, quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL
  const base = loadConfig()
  const config = { ...base, environment: { ...base.environment, pages: PAGES } }
  const live = new Live({ config: () => config, grace: 0 })
  const alone = openResources(config)
  const shown = openResources(config, { audience: live.audience() })
  try {
    await compare(config, live, alone, shown, scale, report)
  } finally {
    await Promise.all([alone.close(), shown.close(), live.close()])
  }
  await frameRate(base, scale, report)
}

async function compare(
  config: Config,
  live: Live,
  alone: Resources,
  shown: Resources,
  { rounds, episodes }: Scale,
  report: Reporter,
): Promise<void> {
  const jobs: Job[] = alone
    .tasksNamed(TASKS)
    .flatMap((task) => Array.from({ length: episodes }, (_, i) => ({ task, seed: SEED + i, attempt: 0 })))
  const model = await alone.model()
  const sampling = { temperature: 0, top_p: 1, max_new_tokens: config.model.max_new_tokens, seed: 0 }
  const play = (resources: Resources) =>
    rollout(model, resources.environment(), jobs, {
      adapter: null,
      sampling,
      spectator: resources.audience?.spectator({ stage: 'bench', round: 0, arm: '' }),
    })
  const contestants: Contestant[] = [
    { name: 'alone', run: () => timed(() => play(alone)) },
    { name: 'unseen', run: () => timed(() => play(shown)) },
    { name: 'seen', run: () => timed(() => looking(live, () => play(shown))) },
  ]
  const seconds = await interleave(contestants, rounds)
  const rate = (name: string) => jobs.length / seconds.get(name)!
  const compared = (name: string, who: string) =>
    figure('live', `${PAGES} pages, ${who}`, 'episodes/s', rate(name), 'no live view', rate('alone'))
  report.figure(compared('unseen', 'nobody looks'))
  report.figure(compared('seen', 'all are looked at'))
}

/** Does it while somebody looks at everything; resolves to the number of frames they saw. */
async function looking(live: Live, work: () => Promise<unknown>): Promise<number> {
  const leaving = new AbortController()
  let frames = 0
  const pictures = (async () => {
    for await (const _ of live.frames(undefined, leaving.signal)) frames++
  })()
  const states = (async () => {
    for await (const _ of live.watch(leaving.signal));
  })()
  try {
    await work()
  } finally {
    leaving.abort()
    await Promise.all([pictures, states])
  }
  return frames
}

/** Frames a second of a page that never stands still. */
async function frameRate(base: Config, { seconds }: Scale, report: Reporter): Promise<void> {
  const workbench = openWorkbench()
  const { name } = workbench.page(
    '<p id="clock"></p>',
    `setInterval(() => { $('clock').textContent = performance.now().toFixed() }, 10)`,
  )
  const config = { ...base, environment: { ...base.environment, tasks_dir: workbench.dir } }
  const live = new Live({ config: () => config })
  try {
    await live.record(name, 1)
    const frames = await looking(live, () => new Promise((resolve) => setTimeout(resolve, seconds * 1000)))
    report.figure(figure('live', 'a page in motion', 'frames/s', frames / seconds))
  } finally {
    await live.close()
    workbench.remove()
  }
}
