/** adapter_config.json as PEFT 0.4 to 0.21 and the tools around it write it, and what it means for a module by PEFT's rules. */
import { z } from 'zod'
import { PROJECTIONS, type Projection } from '../../config/choices.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { parseJsonFile } from '../checkpoint/model-file.ts'
import type { LoraModule } from '../engine.ts'
import { projectionName } from '../weights.ts'
import { firstMatches, type Match } from './module-patterns.ts'

/** Names of modules or their ends, or one regular expression for whole names. */
const modulesSchema = z.union([z.string(), z.array(z.string())]).nullish()
const rank = z.int().positive()
/** A number that float32 can hold. */
const alpha = z.number().min(-3e38).max(3e38)

/** The keys that say what is computed, with PEFT's defaults. */
const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  task_type: z.literal('CAUSAL_LM').nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: rank.default(8),
  lora_alpha: alpha.default(8),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().nullish(),
  target_modules: modulesSchema,
  exclude_modules: modulesSchema,
  modules_to_save: modulesSchema,
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  layers_pattern: modulesSchema,
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), alpha).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).nullish(),
})

export type AdapterConfig = z.output<typeof configSchema> & { readonly file: string }

/** Keys that make an adapter something else than plain LoRA, unless they are null, false or empty. */
const METHODS: Readonly<Record<string, string>> = {
  use_dora: 'DoRA',
  use_qalora: 'QALoRA',
  use_bdlora: 'BD-LoRA',
  kasa_config: 'KaSA',
  monteclora_config: 'MonteCLoRA',
  arrow_config: 'Arrow',
  velora_config: 'VeLoRA',
  alora_invocation_tokens: 'aLoRA',
  lora_bias: 'LoRA with biases',
  target_parameters: 'LoRA on parameters',
  trainable_token_indices: 'trainable tokens',
  layer_replication: 'layer replication',
}

/** Initialisations that leave the base model as it is. */
const PLAIN_INITS = ['gaussian', 'eva', 'orthogonal', 'mica']
/** Those that change it, by how their names begin; and those of them that PEFT converts to plain LoRA. */
const CONVERTIBLE_INITS = ['pissa', 'olora', 'corda', 'lora_ga']
const CHANGING_INITS = [...CONVERTIBLE_INITS, 'loftq']

/**
 * Parses the text of an adapter_config.json. Keys that do not change what is computed are ignored.
 * @throws UserError if the text is not JSON, or the adapter needs something that this lab does not compute.
 */
export function parseAdapterConfig(file: string, text: string): AdapterConfig {
  const parsed = parseJsonFile(file, text, configSchema, message('plainLoraOnly'))
  for (const [key, method] of Object.entries(METHODS)) {
    if (!isOn(parsed[key])) continue
    const demand = message('makesOtherAdapter', { method })
    throw new UserError('fileKeyWrong', { file, key, demand, cure: message('plainLoraOrMerged') })
  }
  checkInit(file, parsed.init_lora_weights)
  return { ...parsed, file }
}

function isOn(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== false
}

function checkInit(file: string, init: AdapterConfig['init_lora_weights']): void {
  if (typeof init !== 'string') return
  const name = init.toLowerCase()
  if (PLAIN_INITS.includes(name)) return
  const begins = (start: string) => name.startsWith(start)
  if (CONVERTIBLE_INITS.some(begins)) throw new UserError('adapterInitConvertible', { file, init })
  throw new UserError(CHANGING_INITS.some(begins) ? 'adapterInitChangesBase' : 'adapterInitUnknown', { file, init })
}

/**
 * Rank and alpha of each module: those of the first pattern that matches its name, else r and lora_alpha.
 * @throws UserError if a pattern cannot be read.
 */
export function moduleSettings(config: AdapterConfig, names: readonly string[]): Map<string, LoraModule> {
  const of = (key: 'rank_pattern' | 'alpha_pattern', other: number): number[] => {
    const patterns = Object.entries(config[key] ?? {})
    const keys = patterns.map(([pattern]) => pattern)
    const found = matches(config, key, keys, names, 'end')
    return found.map((at) => patterns[at]?.[1] ?? other)
  }
  const [ranks, alphas] = [of('rank_pattern', config.r), of('alpha_pattern', config.lora_alpha)]
  return new Map(names.map((name, i) => [name, { r: ranks[i]!, lora_alpha: alphas[i]! }]))
}

/**
 * Those of `names` that PEFT would adapt by target_modules, exclude_modules, layers_to_transform and layers_pattern.
 * @throws UserError if a regular expression cannot be read.
 */
export function targetedModules(config: AdapterConfig, names: readonly string[]): Set<string> {
  const whole = new Set(saved(config))
  const excluded = new Set([
    ...named(config, 'exclude_modules', names),
    ...(whole.size === 0 ? [] : names.filter((name) => partsOf(name).some((part) => whole.has(part)))),
  ])
  const { target_modules: targets } = config
  const paths = new Set(typeof targets === 'string' ? [] : targets)
  const layers = typeof targets === 'string' ? null : inLayers(config, names)
  const found = targets === undefined || targets === null ? names : named(config, 'target_modules', names)
  return new Set(
    found.filter((name) => !excluded.has(name) && (layers === null || layers.has(name) || paths.has(name))),
  )
}

/** Those of `names` in the layers that layers_to_transform names, if layers_pattern finds layers; null for all. */
function inLayers(config: AdapterConfig, names: readonly string[]): Set<string> | null {
  const { layers_to_transform: given, layers_pattern: pattern } = config
  const layers = new Set(typeof given === 'number' ? [given] : given)
  if (layers.size === 0) return null
  const patterns = (typeof pattern === 'string' ? [pattern] : (pattern ?? [])).filter((one) => one !== '')
  const places = patterns.map((one) => `.*\\.${one}\\.\\d+\\..*`)
  const found = patterns.length === 0 ? null : matches(config, 'layers_pattern', places, names, 'whole')
  return new Set(
    names.filter(
      (name, i) => (found === null || found[i] !== -1) && layers.has(Number(/\.layers\.(\d+)\./.exec(name)?.[1])),
    ),
  )
}

/** The ends of a path, and the path itself: a.b.c has c, b.c and a.b.c. */
function endsOf(path: string): string[] {
  const steps = path.split('.')
  return steps.map((_, at) => steps.slice(at).join('.'))
}

/** The stretches of a path: all beginnings of its ends. */
export function partsOf(path: string): string[] {
  return endsOf(path).flatMap((end) => {
    const steps = end.split('.')
    return steps.map((_, at) => steps.slice(0, at + 1).join('.'))
  })
}

/** The modules that were trained whole, beside LoRA. */
export function saved({ modules_to_save: modules }: AdapterConfig): readonly string[] {
  return typeof modules === 'string' ? [modules] : (modules ?? [])
}

/** Whether the path or one of its ends is among these. It makes no list of them: a list of adapters asks millions of times. */
function endsIn(path: string, ends: ReadonlySet<string>): boolean {
  for (let from = 0; ; ) {
    if (ends.has(path.slice(from))) return true
    const dot = path.indexOf('.', from)
    if (dot === -1) return false
    from = dot + 1
  }
}

/** Those of `names` that a list of names or a regular expression names. */
function named(
  config: AdapterConfig,
  key: 'target_modules' | 'exclude_modules',
  names: readonly string[],
): readonly string[] {
  const wanted = config[key] ?? []
  if (typeof wanted !== 'string') {
    const ends = new Set(wanted)
    return ends.size === 0 ? [] : names.filter((name) => endsIn(name, ends))
  }
  if (wanted === '') return []
  if (key === 'target_modules' && wanted.toLowerCase() === 'all-linear') return names
  const found = matches(config, key, [wanted], names, 'whole')
  return names.filter((_, i) => found[i] === 0)
}

function matches(
  { file }: AdapterConfig,
  key: string,
  patterns: readonly string[],
  names: readonly string[],
  match: Match,
): readonly number[] {
  const found = firstMatches(patterns, names, match)
  if (found === null) throw new UserError('adapterPattern', { file, key })
  return found
}

/** Layers to look for targets in, where the model is not known. */
const MANY_LAYERS = 128

/** The projections that an adapter has in some layer, in the model's order, by its configuration alone. */
export function targetedProjections(config: AdapterConfig): Projection[] {
  const names = (projection: Projection) =>
    Array.from({ length: MANY_LAYERS }, (_, layer) => projectionName(layer, projection))
  const found = targetedModules(config, PROJECTIONS.flatMap(names))
  return PROJECTIONS.filter((projection) => names(projection).some((name) => found.has(name)))
}
