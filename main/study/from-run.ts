/** Plans a study from a run: the same with other training seeds, or with some settings varied. */
import { parseOverride } from '../config/config.ts'
import { differences, flatten } from '../config/differences.ts'
import type { Config } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import type { Run } from '../store/runs.ts'
import { type Plan, planSchema } from './plan.ts'

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
  const varied = vary.flatMap((wish) => variantsOf(run.config, wish))
  return planSchema.parse({
    name: `${run.name}-${run.id}-study`,
    seeds: Array.from({ length: seeds }, (_, at) => seed + at),
    set: Object.fromEntries(other.map(({ key, b }) => [key, b])),
    variants: { [`as run ${run.id}`]: {}, ...Object.fromEntries(varied) },
  })
}

/** Values that the run does not have already, each with a name. */
function variantsOf(config: Config, wish: string): [name: string, settings: Record<string, unknown>][] {
  const at = wish.indexOf('=')
  const values = at < 1 ? [] : wish.slice(at + 1).split(',')
  if (values.length === 0) throw new UserError('overrideNotKeyValue', { assignment: wish })
  return values.flatMap((text) => {
    const [key, value] = parseOverride(`${wish.slice(0, at)}=${text}`)
    const own = flatten(config).get(key)
    return JSON.stringify(own) === JSON.stringify(value)
      ? []
      : [[`${key.split('.').at(-1)} ${text.trim()}`, { [key]: value }]]
  })
}
