/**
 * The expensive resources that stages share: the model, the browser's pages, the tasks. Each is opened on first use.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { AgentModel } from '../agent/model.ts'
import type { Audience } from '../agent/spectator.ts'
import { checkCard } from '../capacity/card.ts'
import { checkRoom } from '../capacity/float32.ts'
import { checkMemory } from '../capacity/forecast.ts'
import { freeForTraining } from '../capacity/memory.ts'
import type { Config } from '../config/schema.ts'
import { engineOf, gpuOf } from '../engine/engine-of.ts'
import type { DownloadProgress } from '../engine/hub/hub.ts'
import type { BrowserHost } from '../environment/browser.ts'
import { Environment } from '../environment/environment.ts'
import { miniwobFromVariable } from '../environment/miniwob.ts'
import { findTask, listTasks, type Task } from '../environment/tasks.ts'
import { PROGRAM_ROOT, projectPath } from '../files/paths.ts'
import { type Message, message } from '../messages/message.ts'
import type { Server } from '../workers/server.ts'

export interface Resources {
  model(): Promise<AgentModel>
  environment(): Environment
  /** Every task that can be played here. */
  tasks(): readonly Task[]
  /** The tasks with these names. Throws UserError for an unknown one. */
  tasksNamed(names: readonly string[]): Task[]
  /** The server of the queue from which workers take problems; undefined where the lab plays alone. */
  readonly queue?: (() => Promise<Server>) | undefined
  /** Watches what is played; undefined where nobody can. */
  readonly audience?: Audience | undefined
  /** Closes what was opened. Work that still uses it fails. */
  close(): Promise<void>
}

export interface ResourceOptions {
  /** Opens the pages of tasks; by default headless Chromium. */
  readonly host?: (() => BrowserHost) | undefined
  readonly audience?: Audience | undefined
  /** Hears of the progress of a model's download, and of what is odd about the model. */
  readonly tell?: ((told: Message) => void) | undefined
  /** Hears of the model once it is open. */
  readonly onModel?: ((model: AgentModel) => void) | undefined
  /** Stops a download. */
  readonly signal?: AbortSignal | undefined
}

export function openResources(config: Config, options: ResourceOptions = {}): Resources {
  const { host, audience, tell = () => {}, onModel, signal } = options
  let model: Promise<AgentModel> | undefined
  let environment: Environment | undefined
  let server: Promise<Server> | undefined
  let closed: Promise<void> | undefined
  const allTasks = () => configuredTasks(config)
  return {
    async model() {
      if (closed !== undefined) throw new Error(CLOSED)
      model ??= AgentModel.load({
        model: config.model.base_model_name,
        prompt: config.model.prompt,
        engine: config.model.engine,
        gpu: gpuOf(config),
        threads: config.model.threads,
        precision: config.model.precision,
        headPrecision: config.model.head_precision,
        gradientCheckpointing: config.training.gradient_checkpointing,
        checkRoom,
        signal,
        warn: tell,
        download: {
          onProgress: tellProgress(tell),
          // The model's configuration is here now, so what it needs is known.
          async check(shape) {
            const kind = await engineOf(config, shape)
            if (kind === 'webgpu') await checkCard(config, shape)
            await checkRoom(shape, kind)
            await checkMemory(config, freeForTraining())
          },
          ...(signal === undefined ? {} : { signal }),
        },
      }).then((opened) => {
        onModel?.(opened)
        return opened
      })
      return model
    },
    environment() {
      if (closed !== undefined) throw new Error(CLOSED)
      const { pages, episode_time_limit, trusted_input, max_elements, max_chars } = config.environment
      environment ??= new Environment({
        ...(host === undefined ? {} : { host: host() }),
        pages,
        episodeTimeLimit: episode_time_limit * 1000,
        trusted: trusted_input,
        budget: { elements: max_elements, characters: max_chars },
      })
      return environment
    },
    queue:
      config.workers.queue === null
        ? undefined
        : () => {
            if (closed !== undefined) throw new Error(CLOSED)
            server ??= connected(config.workers)
            return server
          },
    tasks: allTasks,
    tasksNamed(names) {
      const known = allTasks()
      return names.map((name) => findTask(known, name))
    },
    audience,
    close() {
      audience?.leave()
      closed ??= closeAll(environment, model)
      void server?.then((open) => open.close()).catch(() => {})
      return closed
    },
  }
}

const CLOSED = 'The run was ended, so it gets neither model, browser nor queue any more.'

async function connected({ queue, prefix }: Config['workers']): Promise<Server> {
  const { connectServer } = await import('../workers/server.ts')
  return connectServer(queue ?? '', prefix)
}

async function closeAll(environment: Environment | undefined, model: Promise<AgentModel> | undefined): Promise<void> {
  await environment?.close()
  await model?.then((opened) => opened.close()).catch(() => {})
}

/** Reports every tenth of a download. */
function tellProgress(tell: (told: Message) => void): (progress: DownloadProgress) => void {
  let tenths = -1
  return ({ file, bytes, total }) => {
    const now = total === 0 ? 10 : Math.floor((10 * bytes) / total)
    if (now <= tenths) return
    tenths = now
    tell(message('download', { percent: 10 * now, gigabytes: (total / 1e9).toFixed(2), file }))
  }
}

/** The folder of the MiniWoB++ pages: from the configuration, from MINIWOB_URL, or the project's own download. */
export function miniwobFolder({ environment }: Config): string | undefined {
  const named =
    environment.miniwob === 'auto' ? miniwobFromVariable(process.env.MINIWOB_URL) : projectPath(environment.miniwob)
  // Set-up downloads into the program's folder, also where DPO_DRIVER_HOME names another one.
  const downloads = [projectPath('data/miniwob'), resolve(PROGRAM_ROOT, 'data/miniwob')]
  return named ?? downloads.find(existsSync)
}

/** Every task that can be played with this configuration. Throws UserError for a folder in it that does not fit. */
export function configuredTasks(config: Config): readonly Task[] {
  const miniwob = miniwobFolder(config)
  const { tasks_dir } = config.environment
  return listTasks({
    ...(miniwob === undefined ? {} : { miniwob }),
    ...(tasks_dir === null ? {} : { tasksDir: projectPath(tasks_dir) }),
  })
}
