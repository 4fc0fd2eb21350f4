/** Plays attempts with the workers that take problems from the queue, this process among them. */
import type { AgentModel } from '../../agent/model.ts'
import { type Job, PROBLEMS_PER_PAGE, type RolloutOptions, rollout } from '../../agent/rollout.ts'
import type { Environment } from '../../environment/environment.ts'
import type { Task } from '../../environment/tasks.ts'
import type { Episode } from '../../store/episode.ts'
import type { Machine } from '../../store/episodes.ts'
import type { ArmKey } from '../../store/keys.ts'
import type { Problem } from '../../workers/protocol.ts'
import type { Server } from '../../workers/server.ts'
import type { StageContext } from '../stage.ts'

/** Stages whose episodes are compared with others: `workers.one_kind` is about them. */
const MEASURED = ['validate', 'evaluate']

export interface Shared {
  readonly key: ArmKey
  /** Folder of the adapter that plays; null where the base model plays alone. */
  readonly adapter: string | null
  readonly jobs: readonly Job[]
  readonly model: AgentModel
  readonly environment: Environment
  /** How this process plays; `onEpisode` hears of what it plays. */
  readonly rollout: Omit<RolloutOptions, 'onEpisode'>
  readonly onEpisode: (episode: Episode, machine: Machine) => void
}

/** Plays all jobs. Throws as `rollout` does, and as `distribute` does. */
export async function playWithWorkers(context: StageContext, server: Server, shared: Shared): Promise<void> {
  // A lab that plays alone does without the queue's libraries.
  const { distribute, playId } = await import('../../workers/distribute.ts')
  const { requirementsOf, machineOf, pagesHash } = await import('../../workers/requirements.ts')
  const { policyKey } = await import('../../workers/policies.ts')
  const { config, store, signal, say } = context
  const { key, adapter, jobs, model, environment, rollout: options } = shared
  const { started } = store.runs.get(key.run)
  const policy = adapter === null ? null : policyKey(adapter)
  const machine = machineOf(model)
  const tasks = new Map(jobs.map(({ task }) => [task.name, task]))
  const folders = new Map<string, string>()
  const counts = new Map<string, number>()
  const { episode_time_limit, trusted_input, max_elements, max_chars, pictures } = config.environment
  await distribute({
    server,
    play: {
      id: playId(store.path, machine.name, key.run, started, key.stage, key.round, key.arm, JSON.stringify(policy)),
      lab: machine.name,
      ...key,
      requirements: await requirementsOf(model),
      policy,
      kind: config.workers.one_kind && MEASURED.includes(key.stage) ? machine.kind : null,
      sampling: options.sampling,
      environment: {
        episodeTimeLimit: episode_time_limit * 1000,
        trusted: trusted_input,
        budget: { elements: max_elements, characters: max_chars },
        pictures,
      },
      pages: Object.fromEntries([...tasks].map(([name, task]) => [name, pagesHash(task, folders)])),
    },
    adapter,
    problems: problemsOf(jobs),
    machine,
    pages: environment.pages,
    slots: environment.pages * PROBLEMS_PER_PAGE,
    vocabulary: model.engine.config.vocab_size,
    async playHere(problem, stopped, onEpisode) {
      await rollout(model, environment, jobsOfProblem(problem, tasks), { ...options, signal: stopped, onEpisode })
    },
    onEpisode(episode, by) {
      counts.set(by.name, (counts.get(by.name) ?? 0) + 1)
      shared.onEpisode(episode, by)
    },
    say,
    signal,
  })
  if (counts.size < 2) return
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`)
  say('playedBy', { count: counts.size, parts })
}

/** The attempts by problem. */
function problemsOf(jobs: readonly Job[]): Problem[] {
  const problems = new Map<string, { task: string; seed: number; attempts: number[] }>()
  for (const { task, seed, attempt } of jobs) {
    const id = `${task.name} ${seed}`
    const problem = problems.get(id) ?? { task: task.name, seed, attempts: [] }
    problem.attempts.push(attempt)
    problems.set(id, problem)
  }
  return [...problems.values()]
}

function jobsOfProblem({ task, seed, attempts }: Problem, tasks: ReadonlyMap<string, Task>): Job[] {
  return attempts.map((attempt) => ({ task: tasks.get(task)!, seed, attempt }))
}
