/** The slow things that stages share: the model, the browser's pages, the tasks. Each is opened when first asked for. */
import { existsSync } from 'node:fs'
import { AgentModel } from '../agent/model.ts'
import { projectPath } from '../config/paths.ts'
import type { Config } from '../config/schema.ts'
import type { DownloadProgress } from '../engine/hub.ts'
import { Environment } from '../environment/environment.ts'
import { miniwobFromVariable } from '../environment/miniwob.ts'
import { findTask, listTasks, type Task } from '../environment/tasks.ts'

export interface Resources {
  model(): Promise<AgentModel>
  environment(): Environment
  /** Every task that can be played here. */
  tasks(): readonly Task[]
  /** The tasks of these names. Throws UserError for one that is not there. */
  tasksNamed(names: readonly string[]): Task[]
  /** Closes what was opened. */
  close(): Promise<void>
}

/** `say` is told, a line at a time, how far a download is; `signal` stops it. */
export function openResources(config: Config, say: (text: string) => void, signal?: AbortSignal): Resources {
  let model: Promise<AgentModel> | undefined
  let environment: Environment | undefined
  let tasks: readonly Task[] | undefined
  const allTasks = () => {
    tasks ??= listTasks(taskSources(config))
    return tasks
  }
  return {
    model() {
      model ??= AgentModel.load({
        model: config.model.base_model_name,
        engine: config.model.engine,
        threads: config.model.threads,
        precision: config.model.precision,
        headPrecision: config.model.head_precision,
        gradientCheckpointing: config.training.gradient_checkpointing,
        download: { onProgress: sayProgress(say), ...(signal === undefined ? {} : { signal }) },
      })
      return model
    },
    environment() {
      const { pages, episode_time_limit, trusted_input, max_elements, max_chars } = config.environment
      environment ??= new Environment({
        pages,
        episodeTimeLimit: episode_time_limit * 1000,
        trusted: trusted_input,
        budget: { elements: max_elements, characters: max_chars },
      })
      return environment
    },
    tasks: allTasks,
    tasksNamed: (names) => names.map((name) => findTask(allTasks(), name)),
    async close() {
      await environment?.close()
      await model?.then((opened) => opened.close()).catch(() => {})
    },
  }
}

/** Says a line for every tenth of a download. */
function sayProgress(say: (text: string) => void): (progress: DownloadProgress) => void {
  let tenths = -1
  return ({ file, bytes, total }) => {
    const now = total === 0 ? 10 : Math.floor((10 * bytes) / total)
    if (now <= tenths) return
    tenths = now
    say(`Downloading the model: ${10 * now}% of ${(total / 1e9).toFixed(2)} GB (${file})`)
  }
}

/** Where the pages are: what the configuration names, MINIWOB_URL, or the project's own download. */
function taskSources({ environment }: Config): Parameters<typeof listTasks>[0] {
  const named =
    environment.miniwob === 'auto' ? miniwobFromVariable(process.env.MINIWOB_URL) : projectPath(environment.miniwob)
  const downloaded = projectPath('data/miniwob')
  const miniwob = named ?? (existsSync(downloaded) ? downloaded : undefined)
  return {
    ...(miniwob === undefined ? {} : { miniwob }),
    ...(environment.tasks_dir === null ? {} : { tasksDir: projectPath(environment.tasks_dir) }),
  }
}
