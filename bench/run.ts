/**
 * Runs the benchmarks: `npm run bench [-- constraint|engine|environment|holdings|live|memory|precision|queries|window|workers]
 * [--model <part of a name>] [--case <part of a name>] [--against <folder>] [--gguf <file>]
 * [--instructions <name>] [--json] [--quick]`. Prints a table, or with --json one line a figure. Notes go to stderr, and so does each figure of the table as
 * soon as it is known. --model and --case select models and cases of engine, holdings and memory, --case also queries and workers; both
 * may be given several times. --against names another checkout, set up, whose window takes turns with ours. --gguf names the
 * model of holdings, and --instructions avx-vnni or avx2 measures it as on a processor without AVX-512. --quick checks that everything
 * runs: its figures mean little.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { UserError } from '../main/messages/error.ts'
import { benchConstraint } from './constraint.ts'
import { benchEngine } from './engine.ts'
import { benchEnvironment } from './environment.ts'
import { type Figure, jsonLine, type Reporter, table } from './figure.ts'
import { benchHoldings } from './holdings.ts'
import { benchLive } from './live.ts'
import { benchMemory } from './memory.ts'
import { benchPrecision } from './precision.ts'
import { INSTRUCTIONS, type Selection } from './selection.ts'
import { benchQuestions, benchWindow } from './window.ts'
import { benchWorkers } from './workers.ts'

const BENCHES = {
  constraint: benchConstraint,
  engine: benchEngine,
  environment: benchEnvironment,
  holdings: benchHoldings,
  live: benchLive,
  memory: benchMemory,
  precision: benchPrecision,
  queries: benchQuestions,
  window: benchWindow,
  workers: benchWorkers,
} as const
type Bench = keyof typeof BENCHES

async function main(): Promise<void> {
  const { names, json, quick, selection } = readArguments()
  const figures: Figure[] = []
  const report: Reporter = {
    figure: (figure) => {
      figures.push(figure)
      if (json) console.log(jsonLine(figure))
      else console.error(jsonLine(figure))
    },
    note: (sentence) => console.error(sentence),
  }
  const load = loadavg()[0]!
  report.note(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}.`)
  if (load > 1) {
    report.note(`The machine is busy (load ${load.toFixed(1)}): the figures say less than on an idle one.`)
  }
  for (const name of names) await BENCHES[name](report, quick, selection)
  if (figures.length === 0) throw new UserError('verbatim', { text: 'No case of the bench has such a name.' })
  if (!json) console.log(table(figures))
}

function readArguments(): { names: readonly Bench[]; json: boolean; quick: boolean; selection: Selection } {
  const { values, positionals } = parsed()
  const known = Object.keys(BENCHES) as Bench[]
  const unknown = positionals.find((name) => !known.includes(name as Bench))
  if (unknown !== undefined) {
    throw new UserError('verbatim', { text: `There is no bench ${unknown}; there are ${known.join(' and ')}.` })
  }
  const instructions = INSTRUCTIONS.find((one) => one === (values.instructions ?? ''))
  if (instructions === undefined) {
    throw new UserError('verbatim', {
      text: `--instructions ${values.instructions} is not known; there are avx-vnni and avx2.`,
    })
  }
  return {
    // The others find nothing new on another day, so they run only on request.
    names: positionals.length > 0 ? (positionals as Bench[]) : ['engine', 'environment'],
    json: values.json,
    quick: values.quick,
    selection: {
      model: values.model,
      case: values.case,
      against: values.against ?? null,
      gguf: values.gguf ?? null,
      instructions,
      large: values.large,
      lab: values.lab ?? null,
    },
  }
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        model: { type: 'string', multiple: true, default: [] },
        case: { type: 'string', multiple: true, default: [] },
        against: { type: 'string' },
        gguf: { type: 'string' },
        instructions: { type: 'string' },
        large: { type: 'boolean', default: false },
        lab: { type: 'string' },
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UserError('verbatim', { text: `${(error as Error).message.split('\n')[0]}` })
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
