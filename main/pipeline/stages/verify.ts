/** Stage 0: checks that everything the other stages need is there. */

import { z } from 'zod'
import type { AgentModel } from '../../agent/model.ts'
import { checkCard, peakOnCard, planOnCard } from '../../capacity/card.ts'
import { checkFloat32Fits } from '../../capacity/float32.ts'
import { checkMemory, forecastDisk } from '../../capacity/forecast.ts'
import { usualLengths } from '../../capacity/lengths.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import { EnvironmentFault } from '../../chromium/fault.ts'
import type { Config } from '../../config/schema.ts'
import { knownShape, localFolder } from '../../engine/architecture.ts'
import { engineOf, gpuOf } from '../../engine/engine-of.ts'
import { cardOf, findCard } from '../../engine/host/card.ts'
import { findAdapter } from '../../engine/host/gpu-host.ts'
import { memoryHere } from '../../engine/machine.ts'
import { untilUnbroken } from '../../environment/fault.ts'
import { CHECK_TITLES, type CheckName } from '../../messages/check-titles.ts'
import { UserError } from '../../messages/error.ts'
import { gb } from '../../messages/gigabytes.ts'
import { type Message, message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import type { Stage, StageContext } from '../stage.ts'

const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  /** What was found, or what is wrong and what to do, in English. */
  detail: z.string(),
  /** The same as messages. Older versions stored only the English. */
  messages: z.array(z.custom<Message>()).default([]),
})
export type CheckResult = z.output<typeof checkSchema>
const result = z.object({ checks: z.array(checkSchema) })

type CheckContext = Pick<StageContext, 'config' | 'resources' | 'signal'>
type Check = (context: CheckContext) => Promise<Message>

/** Each check returns its finding, or throws UserError with what to do. */
const CHECKS = {
  async node() {
    const major = Number(process.versions.node.split('.')[0])
    const version = process.versions.node
    if (major < 24) throw new UserError('nodeTooOld', { version })
    return message('foundNode', { version })
  },
  async disk({ config }) {
    const { download, places } = await forecastDisk(config)
    const tightest = places.reduce((most, one) => (one.free - one.needed < most.free - most.needed ? one : most))
    const [free, needed] = [gb(tightest.free), gb(tightest.needed)]
    if (tightest.free < tightest.needed) {
      const { folder } = tightest
      throw new UserError(download > 0 ? 'diskShortForDownload' : 'diskShort', { folder, free, needed })
    }
    return download > 0
      ? message('foundDiskForDownload', { size: free, needed, download: gb(download) })
      : message('foundDisk', { size: free, needed })
  },
  async card({ config }) {
    const engine = await engineOf(config)
    if (engine === 'webgpu') return findGpu(config)
    if (engine !== 'tfjs-node-gpu') return message('foundNoUseForCard', { engine })
    const card = await findCard()
    const shape = knownShape(config)
    if (shape !== null) checkFloat32Fits(shape, engine, Number.POSITIVE_INFINITY, card)
    return card === null ? message('foundNoCard') : message('foundCard', { card: card.name, memory: gb(card.memory) })
  },
  async memory({ config }) {
    const free = memoryHere().available + process.memoryUsage.rss()
    const size = gb(free)
    const engine = await engineOf(config)
    const shape = knownShape(config)
    if (shape !== null && engine !== 'native' && engine !== 'webgpu') checkFloat32Fits(shape, engine, free, null)
    const forecast = await checkMemory(config, free)
    if (forecast === null) return message('foundFree', { size })
    const { least, most } = forecast
    if (most === null) return message('foundLeastMemory', { size, needed: gb(least) })
    return free < most
      ? message('foundShortMemory', { size, least: gb(least), most: gb(most) })
      : message('foundMemory', { size, needed: gb(most) })
  },
  async model(context) {
    const { config } = context
    const { engine, prompt } = await openModel(context)
    const { num_hidden_layers, hidden_size, vocab_size } = engine.config
    const model = message('foundModel', {
      name: config.model.base_model_name,
      layerCount: message('countLayers', { count: num_hidden_layers }),
      hidden: hidden_size,
      vocabulary: vocab_size,
      prompt,
    })
    const rates = smallModelRates(config, engine.config)
    return rates === null ? model : message('foundModelAndRates', { model, rates: message('smallModelRates', rates) })
  },
  async engine(context) {
    const { engine } = await openModel(context)
    return message('foundEngine', { engine: engine.description })
  },
  async tasks({ resources, config }) {
    const names = new Set([...config.tasks, ...(config.evaluation.tasks ?? [])])
    const tasks = resources.tasksNamed([...names])
    const builtin = tasks.filter(({ source }) => source === 'builtin').length
    return builtin === 0
      ? message('foundTasks', { count: tasks.length })
      : message('foundOwnTasks', { count: tasks.length, own: builtin })
  },
  async browser({ resources, config, signal }) {
    const environment = resources.environment()
    const began = performance.now()
    // Names that no task has are the business of the check before.
    const tasks = resources.tasks().filter(({ name }) => config.tasks.includes(name))
    for (const task of tasks) {
      signal.throwIfAborted()
      const show = () => environment.use(task, (session) => session.reset(task, 0))
      await untilUnbroken(signal, show).catch((error: unknown) => {
        if (!(error instanceof EnvironmentFault)) throw error
        throw new UserError('pageOfTask', { task: task.name, why: error.fault })
      })
    }
    return message('foundPages', { count: tasks.length, milliseconds: Math.round(performance.now() - began) })
  },
  async queue({ resources }) {
    const server = await resources.queue!()
    const { workers } = await import('../../workers/presence.ts')
    const there = await workers(server)
    const { name, version, keeps } = server.about
    const isRefused = there.some(({ refuses }) => refuses.length > 0)
    return message('foundQueue', {
      server: name,
      version,
      workers: message(isRefused ? 'queueRefusers' : 'queueWorkers', { count: there.length }),
      file: message(keeps ? 'queueFile' : 'queueNoFile'),
    })
  },
} satisfies Readonly<Record<CheckName, Check>>

/** The adapter that WebGPU gives, and its memory where the system tells it. */
async function findGpu(config: Config): Promise<Message> {
  const { name: adapter, software } = await findAdapter(gpuOf(config))
  if (software) return message('foundSoftwareAdapter', { adapter })
  const shape = knownShape(config)
  if (shape !== null) await checkCard(config, shape)
  const card = await cardOf({ name: config.model.webgpu_adapter })
  const found =
    card === null
      ? message('foundAdapter', { adapter })
      : message('foundAdapterMemory', { adapter, memory: gb(card.memory) })
  if (shape === null) return found
  const { prompt, completion } = usualLengths(config, shape)
  const plan = await planOnCard(config, prompt, completion)
  return message('foundAdapterAndNeed', { found, prompt, needed: gb(peakOnCard(plan)) })
}

/** Opens the model, but only if it fits, so that a large one is not downloaded or loaded in vain. */
async function openModel(context: CheckContext): Promise<AgentModel> {
  const rooms =
    localFolder(context.config.model.base_model_name) === null
      ? (['disk', 'card', 'memory'] as const)
      : (['card', 'memory'] as const)
  for (const room of rooms) await CHECKS[room](context)
  return context.resources.model()
}

/** The names of the checks, in order. A lab that plays alone has no queue to check. */
export function checkNames({ workers }: Pick<Config, 'workers'>): CheckName[] {
  const all = Object.keys(CHECK_TITLES) as CheckName[]
  return all.filter((name) => name !== 'queue' || workers.queue !== null)
}

export const verify: Stage<z.output<typeof result>> = {
  name: 'verify',
  title: message('titleVerify'),
  result,
  async run(context) {
    const checks: CheckResult[] = []
    const count = checkNames(context.config).length
    for await (const found of runChecks(context)) {
      context.progress(checks.length, count, message('unitChecks'))
      checks.push(found)
      if (found.ok) context.say('check', { name: message(CHECK_TITLES[found.name]), found: found.messages })
    }
    context.signal.throwIfAborted()
    const failed = new Map(checks.filter(({ ok }) => !ok).map(({ detail, messages }) => [detail, messages]))
    if (failed.size > 0) throw new UserError([...failed.values()].flat())
    return { checks }
  },
  line: ({ checks }) => message('lineVerify', { count: checks.length }),
}

/** Runs one check after another and yields each result. Throws the signal's reason when it is cancelled. */
export async function* runChecks(context: CheckContext): AsyncGenerator<CheckResult & { readonly name: CheckName }> {
  for (const name of checkNames(context.config)) {
    context.signal.throwIfAborted()
    const check: Check = CHECKS[name]
    yield await check(context).then(
      (found) => ({ name, ok: true, detail: english(found), messages: [found] }),
      (error: unknown) => ({ name, ok: false, ...cureOf(error) }),
    )
  }
}

/** The message of an error that the user can fix. Any other error is a bug, and is thrown on. */
function cureOf(error: unknown): Pick<CheckResult, 'detail' | 'messages'> {
  if (error instanceof UserError) return { detail: error.message, messages: [...error.messages] }
  if (error instanceof EnvironmentFault) return { detail: error.message, messages: [error.fault] }
  throw error
}
