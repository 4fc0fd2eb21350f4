/** Plans a study from a run: the same with other training seeds, or with some settings varied. */
import { isDeepStrictEqual } from 'node:util'
import { parseOverride } from '../config/config.ts'
import { differences, flatten } from '../config/differences.ts'
import type { Config } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import type { Run } from '../store/runs.ts'
import { LONGEST_VARIANT, type Plan, planSchema } from './plan.ts'

/** Most letters of a run's name that the name of its study has. */
const LONGEST_RUN = 150

export interface Wishes {
  /** How many training seeds, from the run's own on. */
  readonly seeds: number
  /** Keys to vary with their values, such as `training.dpo.beta=0.1,0.3`. Each value is a variant of its own. */
  readonly vary: readonly string[]
}

/**
 * The plan. It sets what the run had otherwise than `present`, the configuration that the plan will be read with. The first
 * variant is the run as it was. Throws UserError for a key that there is not.
 */
export function planFromRun(run: Pick<Run, 'id' | 'name' | 'config'>, present: Config, { seeds, vary }: Wishes): Plan {
  const { seed } = run.config.project
  const other = differences(present, run.config).filter(({ key }) => !/^(project|paths)\./.test(key))
  const wishes = vary.map(readWish)
  const ends = [...new Set(wishes.map(({ assignment }) => assignment))].map(lastPart)
  const own = flatten(run.config)
  const varied = wishes.flatMap((wish) => variantsOf(own, wish, ends))
  return planSchema.parse({
    name: `${run.name.slice(0, LONGEST_RUN)}-${run.id}-study`,
    seeds: Array.from({ length: seeds }, (_, at) => seed + at),
    set: Object.fromEntries(other.map(({ key, b }) => [key, b])),
    variants: Object.fromEntries(named([[`as run ${run.id}`, {}], ...varied])),
  })
}

type Variant = readonly [name: string, settings: Readonly<Record<string, unknown>>]

/** The variants, each under a name of its own. What is there twice stays once. */
function named(variants: readonly Variant[]): ReadonlyMap<string, Variant[1]> {
  const taken = new Map<string, Variant[1]>()
  for (const [name, settings] of variants) {
    let free = name
    for (let number = 2; taken.has(free) && !isDeepStrictEqual(taken.get(free), settings); number++) {
      free = `${name.slice(0, LONGEST_VARIANT - 6)} (${number})`
    }
    taken.set(free, settings)
  }
  return taken
}

/** Values that the run does not have already, each with a name. `others` are the last parts of all keys that vary. */
function variantsOf(
  present: ReadonlyMap<string, unknown>,
  { assignment, values }: Wish,
  others: readonly string[],
): Variant[] {
  return values.flatMap((text) => {
    const [key, value] = parseOverride(`${assignment}=${text}`)
    const own = present.get(key)
    // Two keys may end alike, such as training.sft.max_steps and training.dpo.max_steps.
    const isAlone = others.filter((last) => last === lastPart(key)).length === 1
    return JSON.stringify(own) === JSON.stringify(value)
      ? []
      : [[variantName(isAlone ? lastPart(key) : key, text), { [key]: value }]]
  })
}

interface Wish {
  /** The key, as it was written. */
  readonly assignment: string
  readonly values: readonly string[]
}

/** Throws UserError where it has no value. */
function readWish(wish: string): Wish {
  const at = wish.indexOf('=')
  // A comma at the end of a list is no value.
  const values =
    at < 1
      ? []
      : wish
          .slice(at + 1)
          .split(',')
          .filter((text) => text.trim() !== '')
  if (values.length === 0) throw new UserError('overrideNotKeyValue', { assignment: wish })
  return { assignment: wish.slice(0, at), values }
}

function lastPart(key: string): string {
  return key.split('.').at(-1) ?? key
}

/** One line that is not too long for a name. Of a long value, such as a path, the end is kept: it tells more than the beginning. */
function variantName(key: string, text: string): string {
  const value = text.replace(/\s+/g, ' ').trim()
  const room = LONGEST_VARIANT - key.length - 1
  return `${key} ${value.length <= room ? value : `..${value.slice(2 - Math.max(room, 2))}`}`.slice(0, LONGEST_VARIANT)
}
