/** `dpo-driver models`: the models on this machine, and what a run with each takes. */
import type { Command as Program } from 'commander'
import type { ListedModel, ModelList } from '../../main/capacity/model-list.ts'
import type { Config } from '../../main/config/schema.ts'
import { english } from '../../main/messages/say.ts'
import { visible } from '../../main/messages/visible.ts'
import { duration, type Screen } from '../terminal.ts'
import { example, type Terminal } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'

interface ModelsOptions extends ConfigOptions {
  readonly time?: true
  readonly json?: true
}

export function addModels(cli: Program, { out }: Terminal): void {
  cli
    .command('models')
    .description('List the models on this machine that model.base_model_name can name, and what a run takes')
    .option('--time', 'also estimate how long a run takes, by measuring each model for a few seconds')
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration, such as model.precision=nf4')
    .option('--json', 'print JSON, one model per line, in bytes and seconds')
    .addHelpText('after', example('npx dpo-driver models --time'))
    .action(async (options: ModelsOptions) => {
      const config = await readConfig(options)
      const { listModels } = await import('../../main/capacity/model-list.ts')
      const list = await listModels(config)
      const times = options.time ? await timesOf(config, list.models) : new Map<string, number>()
      if (options.json) for (const model of list.models) out.write(`${JSON.stringify(asJson(model, times))}\n`)
      else await tellModels(list, out, times)
    })
}

/** Lists the models for `verify`. */
export async function tellModelsOf(config: Config, out: Screen): Promise<void> {
  const { listModels } = await import('../../main/capacity/model-list.ts')
  await tellModels(await listModels(config), out)
}

/** Seconds of a run with each model, by name. */
async function timesOf(config: Config, models: readonly ListedModel[]): Promise<ReadonlyMap<string, number>> {
  const { measureRun } = await import('../../main/capacity/model-list.ts')
  const times = new Map<string, number>()
  for (const { name, problem } of models) {
    const seconds = problem === null ? await measureRun(config, name) : null
    if (seconds !== null) times.set(name, seconds)
  }
  return times
}

function asJson({ problem, ...model }: ListedModel, times: ReadonlyMap<string, number>) {
  return { ...model, seconds: times.get(model.name) ?? null, problem: problem === null ? null : english(problem) }
}

async function tellModels(list: ModelList, out: Screen, times: ReadonlyMap<string, number> = new Map()): Promise<void> {
  const { gb } = await import('../../main/messages/gigabytes.ts')
  const { models, available, least, unreadable, cut } = list
  const usable = models.filter(({ problem }) => problem === null)
  const others = models.filter(({ problem }) => problem !== null)
  out.write(`Models on this machine, for model.base_model_name (* is the present one):\n`)
  const rows = usable.map((model) => {
    const seconds = times.get(model.name)
    return [
      `${model.configured ? '*' : ' '} ${model.family ?? ''}`,
      numbers(model.parameters),
      model.precision ?? '',
      gb(model.bytes),
      `${least ? 'at least ' : ''}${gb(model.memory ?? 0)} of memory`,
      ...(times.size === 0 ? [] : [seconds === undefined ? '' : `about ${duration(seconds)} a run`]),
      // The last, as the path of a file is long.
      visible(model.name),
    ]
  })
  for (const line of aligned(rows)) out.write(`  ${line}\n`)
  if (usable.length === 0) out.write('  none\n')
  out.write(`${gb(available)} of memory are available now.\n`)
  if (others.length > 0) out.write('Not usable with this lab:\n')
  for (const { title, problem } of others) {
    out.write(`    ${visible(title)}: ${problem === null ? '' : english(problem)}\n`)
  }
  for (const folder of unreadable) out.write(`This folder cannot be read: ${visible(folder)}\n`)
  if (cut) out.write('There are more models than were looked at.\n')
}

/** Every column as wide as its longest text. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  )
}

/** "494M", "7.6B". */
function numbers(count: number | null): string {
  if (count === null) return ''
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(count)
}
