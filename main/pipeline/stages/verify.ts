/** Stage 0: is everything there that the others need? */
import { z } from 'zod'
import type { AgentModel } from '../../agent/model.ts'
import { findCard } from '../../capacity/card.ts'
import { checkFloat32Fits } from '../../capacity/float32.ts'
import { forecastDisk, forecastMemory, knownShape } from '../../capacity/forecast.ts'
import { gb } from '../../capacity/gigabytes.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import { localFolder } from '../../engine/architecture.ts'
import { engineOf } from '../../engine/load.ts'
import { UserError } from '../../messages/error.ts'
import { type Said, said } from '../messages.ts'
import type { Stage, StageContext } from '../stage.ts'

const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  /** What was found, or what is wrong and what to do. */
  detail: z.string(),
  /** What was found, as what it was made from; null where it is wrong. */
  found: z.custom<Said>().nullable().default(null),
})
export type CheckResult = z.output<typeof checkSchema>
const result = z.object({ checks: z.array(checkSchema) })

type CheckContext = Pick<StageContext, 'config' | 'resources' | 'signal'>
type Check = (context: CheckContext) => Promise<Said>

/** Each says what it found, or throws UserError with the cure. */
const CHECKS = {
  async node() {
    const major = Number(process.versions.node.split('.')[0])
    if (major < 24)
      throw new UserError(`Node ${process.versions.node} is too old: 24 is needed; run \`npm run setup\`.`)
    return said('foundNode', { version: process.versions.node })
  },
  async disk({ config }) {
    const { download, places } = await forecastDisk(config)
    const tightest = places.reduce((most, one) => (one.free - one.needed < most.free - most.needed ? one : most))
    const [free, needed] = [gb(tightest.free), gb(tightest.needed)]
    if (tightest.free < tightest.needed) {
      throw new UserError(
        download > 0
          ? `${tightest.folder}: ${free} are free and ${needed} are needed for the download of the model and what is made of it; free some space.`
          : `${tightest.folder}: ${free} are free and ${needed} are needed; free some space.`,
      )
    }
    return download > 0
      ? said('foundDiskForDownload', { size: free, needed, download: gb(download) })
      : said('foundDisk', { size: free, needed })
  },
  async card({ config }) {
    const engine = engineOf(config.model.engine)
    if (engine !== 'tfjs-node-gpu') return said('foundNoUseForCard', { engine })
    const card = await findCard()
    const shape = knownShape(config)
    if (shape !== null) checkFloat32Fits(shape, engine, Number.POSITIVE_INFINITY, card)
    return card === null ? said('foundNoCard', {}) : said('foundCard', { card: card.name, memory: gb(card.memory) })
  },
  async memory({ config }) {
    const free = process.availableMemory() + process.memoryUsage.rss()
    const size = gb(free)
    const engine = engineOf(config.model.engine)
    const shape = knownShape(config)
    if (shape !== null && engine !== 'native') checkFloat32Fits(shape, engine, free, null)
    const forecast = forecastMemory(config)
    if (forecast === null) return said('foundFree', { size })
    const { least, most } = forecast
    if (free < least) {
      const cure =
        most === null || ['auto', 'nf4'].includes(config.model.precision)
          ? 'close other programs, or choose a smaller model'
          : 'close other programs, set model.precision to nf4, or choose a smaller model'
      throw new UserError(`${size} of memory are free and ${gb(least)} are needed at the least; ${cure}.`)
    }
    if (most === null) return said('foundLeastMemory', { size, needed: gb(least) })
    return free < most
      ? said('foundShortMemory', { size, least: gb(least), most: gb(most) })
      : said('foundMemory', { size, needed: gb(most) })
  },
  async model(context) {
    const { config } = context
    const { engine } = await openModel(context)
    const { num_hidden_layers, hidden_size, vocab_size } = engine.config
    const model = said('foundModel', {
      name: config.model.base_model_name,
      layers: num_hidden_layers,
      hidden: hidden_size,
      vocabulary: vocab_size,
    })
    const rates = smallModelRates(config, engine.config)
    return rates === null ? model : said('foundModelAndRates', { model, rates: said('smallModelRates', rates) })
  },
  async engine(context) {
    const { engine } = await openModel(context)
    const fast = engine.kind === 'native' || context.config.model.engine !== 'auto'
    return said(fast ? 'foundEngine' : 'foundSlowEngine', { engine: engine.description })
  },
  async tasks({ resources, config }) {
    const names = new Set([...config.tasks, ...(config.evaluation.tasks ?? [])])
    const tasks = resources.tasksNamed([...names])
    const builtin = tasks.filter(({ source }) => source === 'builtin').length
    return builtin === 0
      ? said('foundTasks', { tasks: tasks.length })
      : said('foundOwnTasks', { tasks: tasks.length, own: builtin })
  },
  async browser({ resources, config, signal }) {
    const environment = resources.environment()
    const began = performance.now()
    for (const task of resources.tasksNamed(config.tasks)) {
      signal.throwIfAborted()
      await environment.use(task, (session) => session.reset(task, 0))
    }
    return said('foundPages', { tasks: config.tasks.length, milliseconds: Math.round(performance.now() - began) })
  },
} satisfies Readonly<Record<string, Check>>

/** The model, where there is room for it: a large one is neither downloaded nor loaded before that is known. */
async function openModel(context: CheckContext): Promise<AgentModel> {
  const rooms =
    localFolder(context.config.model.base_model_name) === null
      ? (['disk', 'card', 'memory'] as const)
      : (['card', 'memory'] as const)
  for (const room of rooms) await CHECKS[room](context)
  return context.resources.model()
}

/** What is looked for, in this order. */
export const CHECK_NAMES = Object.keys(CHECKS)

export const verify: Stage<z.output<typeof result>> = {
  name: 'verify',
  title: 'is everything there?',
  result,
  async run(context) {
    const checks: CheckResult[] = []
    for await (const found of runChecks(context)) {
      context.progress(checks.length, CHECK_NAMES.length, 'checks')
      checks.push(found)
      if (found.found !== null) context.say('check', { name: found.name, found: found.found })
    }
    context.signal.throwIfAborted()
    const failed = new Set(checks.filter(({ ok }) => !ok).map(({ detail }) => detail))
    if (failed.size > 0) throw new UserError([...failed].join('\n'))
    return { checks }
  },
}

/** Looks for one thing after another and tells what it found. Throws the signal's reason when it is cancelled. */
export async function* runChecks(context: CheckContext): AsyncGenerator<CheckResult> {
  for (const [name, check] of Object.entries<Check>(CHECKS)) {
    context.signal.throwIfAborted()
    yield await check(context).then(
      (found) => ({ name, ok: true, detail: found.text, found }),
      (error: unknown) => ({ name, ok: false, detail: cure(error), found: null }),
    )
  }
}

/** The sentence of an error that the user can mend; any other is a bug and goes on. */
function cure(error: unknown): string {
  if (error instanceof UserError || (error instanceof Error && error.name === 'EnvironmentFault')) return error.message
  throw error
}
