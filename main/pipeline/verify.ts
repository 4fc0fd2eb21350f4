/** Stage 0: is everything there that the others need? */
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../config/error.ts'
import { projectPath } from '../config/paths.ts'
import { type Said, said } from './messages.ts'
import type { Stage, StageContext } from './stage.ts'

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

const GIB = 2 ** 30
const NEEDED_DISK = 0.5 * GIB
const NEEDED_MEMORY = 1 * GIB

/** Each says what it found, or throws UserError with the cure. */
const CHECKS: Readonly<Record<string, Check>> = {
  async node() {
    const major = Number(process.versions.node.split('.')[0])
    if (major < 24)
      throw new UserError(`Node ${process.versions.node} is too old: 24 is needed; run \`npm run setup\`.`)
    return said('foundNode', { version: process.versions.node })
  },
  async disk({ config }) {
    let folder = dirname(projectPath(config.paths.store))
    while (!existsSync(folder)) folder = dirname(folder)
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free < NEEDED_DISK) {
      throw new UserError(`${folder}: ${gib(free)} are free and ${gib(NEEDED_DISK)} are needed; free some space.`)
    }
    return said('foundFree', { size: gib(free) })
  },
  async memory() {
    const free = process.availableMemory()
    if (free < NEEDED_MEMORY) {
      throw new UserError(`${gib(free)} of memory are free and ${gib(NEEDED_MEMORY)} are needed; close other programs.`)
    }
    return said('foundFree', { size: gib(free) })
  },
  async model({ resources, config }) {
    const { engine } = await resources.model()
    const { num_hidden_layers, hidden_size, vocab_size } = engine.config
    return said('foundModel', {
      name: config.model.base_model_name,
      layers: num_hidden_layers,
      hidden: hidden_size,
      vocabulary: vocab_size,
    })
  },
  async engine({ resources, config }) {
    const { engine } = await resources.model()
    const fast = engine.kind === 'native' || config.model.engine !== 'auto'
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
  for (const [name, check] of Object.entries(CHECKS)) {
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

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`
}
