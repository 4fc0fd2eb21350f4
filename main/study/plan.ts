/** The plan of a study: training seeds by variants of the settings. People write it as a YAML file. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { openConfig } from '../config/config.ts'
import { says } from '../config/demand.ts'
import { explain } from '../config/explain.ts'
import { ALIASES, type Config, folderNameSchema } from '../config/schema.ts'
import { parseYaml } from '../config/yaml.ts'
import { shownPath } from '../files/paths.ts'
import { refusePipe } from '../files/read.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'

/** Most members of a study. Each is a whole run. */
const MOST_MEMBERS = 500
/** Most letters of a variant's name. */
export const LONGEST_VARIANT = 60
/** Training seeds from project.seed on, where a plan does not name its own. */
const USUAL_SEEDS = 5

/** Values by dotted key, as `--set` takes them. */
const settings = z.record(z.string(), z.unknown())

export const planSchema = z.strictObject({
  /** Name of the study, of its runs and its folder. */
  name: folderNameSchema,
  /** The configuration that members begin with, from the plan's folder; null for config.yaml or --config_path. */
  config: z.string().min(1).nullable().default(null),
  /** The training seeds, or how many of them from project.seed on. */
  seeds: z.union([z.int().min(2), z.array(z.int().min(0)).min(2, says('mustBeSeveralSeeds'))]).default(USUAL_SEEDS),
  /** Settings of all members. */
  set: settings.default({}),
  /** Settings of each variant, by its name. The others are compared with the first. */
  variants: z.record(z.string().regex(/^\S(.{0,58}\S)?$/, says('mustBeShortLine')), settings).default({ study: {} }),
})
export type Plan = z.output<typeof planSchema>

/** A plan with the settings of its members. */
export interface ReadPlan {
  readonly plan: Plan
  /** The training seeds in order. */
  readonly seeds: readonly number[]
  /** Complete settings for each variant, in order; their project.seed is to be set. */
  readonly variants: ReadonlyMap<string, Config>
}

/**
 * Reads a plan's file. `given` is the configuration of the command line, where the plan names none. Throws UserError with a
 * message for each problem, which names file and line.
 */
export function readPlan(path: string, given?: string): ReadPlan {
  const file = shownPath(resolve(path))
  let text: string
  try {
    refusePipe(path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('planUnreadable', { path: file, code: (error as NodeJS.ErrnoException).code ?? '' })
  }
  const { values, place } = parseYaml(text, file)
  const parsed = planSchema.safeParse(values() ?? {}, { reportInput: true })
  if (!parsed.success) throw new UserError(parsed.error.issues.flatMap((issue) => explain(issue, place, planSchema)))
  const config = parsed.data.config === null ? given : resolve(dirname(path), parsed.data.config)
  const read = openConfig(config)
  return expandPlan(parsed.data, (overrides, variant) =>
    read(overrides, message('planVariantPlace', { place: place(['variants', variant]), variant })),
  )
}

/**
 * The members of a plan. `load` returns the configuration with these values over it; it throws UserError for a mistake in them.
 */
export function expandPlan(
  plan: Plan,
  load: (overrides: Readonly<Record<string, unknown>>, variant: string) => Config,
): ReadPlan {
  const variants = Object.entries(plan.variants)
  const wrong: Message[] = [...variants, ['', plan.set] as const].flatMap(([variant, own]) => ownKeys(variant, own))
  if (variants.length === 0) wrong.push(message('planWithoutVariants'))
  if (wrong.length > 0) throw new UserError(wrong)
  const count = typeof plan.seeds === 'number' ? plan.seeds : new Set(plan.seeds).size
  if (count < 2) throw new UserError('planNeedsSeeds')
  // Before the settings are read: there can be thousands of variants.
  const members = count * variants.length
  if (members > MOST_MEMBERS) throw new UserError('planTooLarge', { members, most: MOST_MEMBERS })
  const configs = new Map(
    variants.map(([name, own]) => [name, load({ ...plain(plan.set), ...plain(own), 'project.name': plan.name }, name)]),
  )
  const [first] = [...configs.values()]
  const base = first?.project.seed ?? 0
  const seeds =
    typeof plan.seeds === 'number' ? Array.from({ length: count }, (_, at) => base + at) : [...new Set(plan.seeds)]
  for (const [name, config] of configs) refuseOtherProblems(name, config, first!)
  return { plan, seeds, variants: configs }
}

/** The settings with other trainers' names of keys replaced. */
function plain(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [ALIASES[key] ?? key, value]))
}

/** Messages about settings that the study itself makes. */
function ownKeys(variant: string, values: Readonly<Record<string, unknown>>): Message[] {
  return Object.keys(values)
    .filter((key) => key === 'project' || key === 'paths' || /^(project|paths)\./.test(key))
    .map((key) => message(variant === '' ? 'planSetKey' : 'planVariantKey', { key, variant }))
}

/** Arms are compared on the same problems only. */
function refuseOtherProblems(variant: string, config: Config, first: Config): void {
  const problems = ({ tasks, evaluation }: Config) => ({
    'evaluation.tasks': evaluation.tasks ?? tasks,
    'evaluation.num_episodes_per_task': evaluation.num_episodes_per_task,
    'evaluation.seed_start': evaluation.seed_start,
  })
  const [own, wanted] = [problems(config), problems(first)].map((one) => Object.entries(one))
  for (const [at, [key, value]] of own!.entries()) {
    if (JSON.stringify(value) !== JSON.stringify(wanted![at]![1]))
      throw new UserError('planOtherProblems', { variant, key })
  }
}
