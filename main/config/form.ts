/** The configuration as a form. The schema says which values each key takes; the comments of config.yaml explain it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, type Pair, parseDocument } from 'yaml'
import { z } from 'zod'
import { PROGRAM_ROOT } from '../files/paths.ts'
import { keyPaths } from './explain.ts'
import { type Config, configSchema } from './schema.ts'

export type FieldType = 'integer' | 'number' | 'text' | 'boolean' | 'choice' | 'list'

export interface Field {
  /** Dotted, as `--set` takes it. */
  readonly key: string
  /** The key without its last part; '' for a top-level key. */
  readonly group: string
  readonly type: FieldType
  /** Smallest and greatest value, both allowed; null where there is none. Of a list: the fewest items. */
  readonly min: number | null
  readonly max: number | null
  /** The value must be greater than this. */
  readonly above: number | null
  /** The allowed values of a choice, or of each item of a list; null where any value is allowed. */
  readonly choices: readonly string[] | null
  /** Words that are allowed besides a number, such as auto; in a list, names that stand for several of its items. */
  readonly words: readonly string[]
  readonly nullable: boolean
  readonly default: unknown
  readonly value: unknown
  /** The explanation from the project's config.yaml. */
  readonly explanation: string
  /** Whether beginners can ignore it. */
  readonly advanced: boolean
  /** The commands that read it; empty where all do. */
  readonly commands: readonly string[]
}

/** Keys that a beginner may want to change. */
const BASIC: ReadonlySet<string> = new Set([
  'project.name',
  'project.seed',
  'model.base_model_name',
  'model.engine',
  'environment.miniwob',
  'environment.tasks_dir',
  'environment.pages',
  'environment.pictures',
  'tasks',
  'golden.samples_per_task',
  'training.sft.learning_rate',
  'training.sft.max_steps',
  'training.sft.batch_size',
  'training.dpo.learning_rate',
  'training.dpo.beta',
  'training.dpo.max_steps',
  'training.dpo.batch_size',
  'training.dpo.loss_type',
  'collect.seeds_per_task',
  'collect.attempts',
  'collect.temperature',
  'evaluation.tasks',
  'evaluation.num_episodes_per_task',
  'evaluation.controls',
  'workers.queue',
  'flywheel.rounds',
])

/** The commands that read each group. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  golden: ['golden', 'sft'],
  lora: ['sft'],
  'training.sft': ['sft'],
  'training.dpo': ['dpo'],
  collect: ['collect'],
  validation: ['pipeline'],
  evaluation: ['evaluate'],
  workers: ['collect', 'evaluate'],
  flywheel: ['pipeline'],
}

/** The part of JSON Schema that zod writes for the configuration. */
interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly examples?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly minimum?: number
  readonly minItems?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

/** Every key with its type, explanation, default and value in `config`, in the order of the schema. */
export function formFields(config: Config): Field[] {
  const defaults = configSchema.parse({})
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema
  const words = explanations()
  return keyPaths(configSchema).flatMap((key) => {
    const of = at(schema, key)
    if (of.properties !== undefined) return []
    const group = key.split('.').slice(0, -1).join('.')
    return [
      {
        key,
        group,
        ...taken(of),
        default: valueAt(defaults, key),
        value: valueAt(config, key),
        explanation: words.get(key) ?? '',
        advanced: !BASIC.has(key),
        commands: COMMANDS[group] ?? [],
      },
    ]
  })
}

/** The value of a dotted key. */
export function valueAt(config: Config, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => Object(value)[part], config)
}

/** What values a key takes. In a union, the alternatives beside the main type are null and words. */
function taken(schema: JsonSchema): Pick<Field, 'type' | 'min' | 'max' | 'above' | 'choices' | 'words' | 'nullable'> {
  const all = schema.anyOf ?? [schema]
  const words = all.flatMap((one) => (typeof one.const === 'string' ? [one.const] : []))
  const main = all.find((one) => one.const === undefined && one.type !== 'null') ?? schema
  const choices = main.enum ?? main.items?.enum ?? null
  return {
    type: typeOf(main),
    min: main.minimum ?? main.minItems ?? null,
    max: main.maximum === Number.MAX_SAFE_INTEGER ? null : (main.maximum ?? null),
    above: main.exclusiveMinimum ?? null,
    choices,
    words: [...words, ...(main.examples ?? [])],
    nullable: all.some((one) => one.type === 'null'),
  }
}

function typeOf({ type, enum: choices }: JsonSchema): FieldType {
  if (choices !== undefined) return 'choice'
  if (type === 'integer' || type === 'number' || type === 'boolean') return type
  return type === 'array' ? 'list' : 'text'
}

function at(schema: JsonSchema, key: string): JsonSchema {
  return key.split('.').reduce((inner, part) => inner.properties?.[part] ?? {}, schema)
}

/** The comments of the project's config.yaml by key. A comment above several keys belongs to all of them. */
function explanations(): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (node: unknown, prefix: string) => {
    if (!isMap(node)) return
    let comment = node.commentBefore ?? undefined
    for (const pair of node.items as Pair[]) {
      if (!isScalar(pair.key)) continue
      const key = `${prefix}${pair.key.value}`
      comment = pair.key.commentBefore ?? comment
      if (comment !== undefined) found.set(key, comment.replaceAll(/\s*\n\s*/g, ' ').trim())
      visit(pair.value, `${key}.`)
    }
  }
  visit(parseDocument(readFileSync(join(PROGRAM_ROOT, 'config.yaml'), 'utf8')).contents, '')
  return found
}
