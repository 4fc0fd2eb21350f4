/** Measures episodes a second in the browser: with the scripted expert, which costs nothing, and with the model. */
import { existsSync } from 'node:fs'
import { type Job, rollout } from '../main/agent/rollout.ts'
import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import type { Action } from '../main/environment/action.ts'
import { decide } from '../main/environment/experts/expert.ts'
import { EXPERTS } from '../main/environment/experts/index.ts'
import type { Session } from '../main/environment/session.ts'
import type { Task } from '../main/environment/tasks.ts'
import { projectPath } from '../main/files/paths.ts'
import { english } from '../main/messages/say.ts'
import { openResources, type Resources } from '../main/pipeline/resources.ts'
import { greedy } from '../main/pipeline/stages/play.ts'
import { figure, type Reporter } from './figure.ts'
import { type Contestant, interleave, timed } from './measure.ts'

const TASKS = ['click-button', 'login-user']
const PAGES = 4
/** The first page seed. Any would do, because only speed is measured. */
const SEED = 2_000_000

interface Scale {
  /** How often everything runs, without the warm-up. */
  readonly rounds: number
  /** Episodes that are timed together. */
  readonly episodes: number
}

const FULL: Scale = { rounds: 3, episodes: 40 }
/** For a check that everything runs; its figures mean little. */
const QUICK: Scale = { rounds: 1, episodes: 4 }

/** Reports episodes a second on one page and on four, with the configuration's environment and model. */
export async function benchEnvironment(report: Reporter, quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL
  const config = loadConfig()
  const [one, many] = [1, PAGES].map((pages) => openWith(config, pages))
  try {
    const policy = await loadPolicy(config, many!, report)
    for (const task of many!.tasksNamed(TASKS)) {
      const jobs = Array.from({ length: scale.episodes }, (_, i) => ({ task, seed: SEED + i, attempt: 0 }))
      await compare(`${task.name}, expert`, [one!, many!], jobs, playExperts, scale, report)
      await compare(`${task.name}, model`, [one!, many!], jobs, policy, scale, report)
    }
  } finally {
    await Promise.all([one!.close(), many!.close()])
  }
}

type Play = (resources: Resources, jobs: readonly Job[]) => Promise<unknown>

async function compare(
  name: string,
  [one, many]: readonly [Resources, Resources],
  jobs: readonly Job[],
  play: Play,
  { rounds }: Scale,
  report: Reporter,
): Promise<void> {
  const contestants: Contestant[] = [
    { name: 'one', run: () => timed(() => play(one, jobs)) },
    { name: 'many', run: () => timed(() => play(many, jobs)) },
  ]
  report.note(`${name} ...`)
  const seconds = await interleave(contestants, rounds)
  const rate = (contestant: string) => jobs.length / seconds.get(contestant)!
  report.figure(figure('environment', `${name}, ${PAGES} pages`, 'episodes/s', rate('many'), '1 page', rate('one')))
}

function openWith(config: Config, pages: number): Resources {
  return openResources({ ...config, environment: { ...config.environment, pages } })
}

async function playExperts(resources: Resources, jobs: readonly Job[]): Promise<void> {
  const environment = resources.environment()
  await Promise.all(jobs.map(({ task, seed }) => environment.use(task, (session) => playExpert(session, task, seed))))
}

async function playExpert(session: Session, task: Task, seed: number): Promise<void> {
  const actions: Action[] = []
  let observation = await session.reset(task, seed)
  for (let step = 0; step < task.horizon; step++) {
    const { action } = decide(EXPERTS[task.name]!, observation, actions)
    actions.push(action)
    const result = await session.step(action)
    if (result.done) return
    observation = result.observation
  }
}

/** Greedy attempts of the model, with the SFT adapter if there is one: without it episodes end sooner. */
async function loadPolicy(config: Config, resources: Resources, report: Reporter): Promise<Play> {
  const model = await resources.model()
  const folder = projectPath(config.paths.sft_adapter_path)
  const trained = existsSync(folder)
  if (trained) await model.loadAdapter(folder)
  report.note(
    `${config.model.base_model_name} ${trained ? 'after SFT' : 'as it is'}: ${english(model.engine.description)}.`,
  )
  const sampling = greedy(config)
  return (playing, jobs) => rollout(model, playing.environment(), jobs, { adapter: model.adapter, sampling })
}
