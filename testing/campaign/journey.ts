/** What a campaign lets a lab do, one command after another: every command that changes something. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TINY_GGUF, tinyGguf } from '../tiny-gguf.ts'
import type { Orders } from './orders.ts'
import type { Place } from './place.ts'
import { type Program, startProgram } from './program.ts'
import { endOfJob, endServing, serve } from './serving.ts'
import { hasStudies, hideLatestRun, latestRun } from './stored.ts'

/** A command at work. */
export interface Attempt {
  readonly program: Program
  /** Resolves when all is done, with why it failed; null where it did not. */
  readonly failure: Promise<string | null>
}

export interface Step {
  readonly name: string
  /** Of studies, or of a base model in a GGUF file; all others are of single runs. No kind needs what another has made. */
  readonly kind?: 'studies' | 'gguf'
  /** How often it is killed, among the others. */
  readonly weight: number
  /** Writes what the command needs. */
  prepare?(place: Place): void
  /**
   * Begins the command, or goes on with it as a user would after a kill: with `--resume` where a run has begun. Null
   * where nothing is left to do. `known` is the number of the latest run before the command.
   */
  start(place: Place, known: number, orders?: Orders): Attempt | null
}

/** Its tokens are bytes, so a page takes several hundred. */
const GGUF_MODEL = { ...TINY_GGUF, max_position_embeddings: 4096 }

const storeOf = ({ home }: Place) => join(home, 'data/lab.sqlite')

function attempt(place: Place, args: readonly string[], orders?: Orders): Attempt {
  const program = startProgram(place, args, orders === undefined ? {} : { orders })
  return {
    program,
    failure: program.ended.then(({ code, err }) => (code === 0 ? null : `exit ${code}: ${err.trim()}`)),
  }
}

/** A command that makes a run. */
function run(command: string, weight: number, more: readonly string[] = []): Step {
  return {
    name: command,
    weight,
    start(place, known, orders) {
      const begun = latestRun(storeOf(place), command)
      const isOurs = begun !== undefined && begun.id > known
      if (isOurs && begun.status === 'done') return null
      return attempt(place, [command, ...more, ...(isOurs ? ['--resume'] : [])], orders)
    },
  }
}

/** A command that makes a run with a GGUF file as its base model. */
function runGguf(command: string, weight: number): Step {
  const settings = ['model.base_model_name=tiny.gguf', 'model.max_new_tokens=96', 'golden.held_out_per_task=0']
  const prepare = ({ home }: Place) => writeFileSync(join(home, 'tiny.gguf'), tinyGguf(GGUF_MODEL))
  return { ...run(command, weight, ['--set', ...settings]), name: `gguf-${command}`, kind: 'gguf', prepare }
}

/** A command that is given again after a kill. */
function once(name: string, weight: number, args: readonly string[], prepare?: (place: Place) => void): Step {
  return {
    name,
    weight,
    ...(prepare === undefined ? {} : { prepare }),
    start: (place, _known, orders) => attempt(place, args, orders),
  }
}

/** Pairs as somebody corrected them in an editor: the last is turned around, and of several the first is dropped. */
function correctPairs({ home }: Place): void {
  const lines = readFileSync(join(home, 'data/preferences/dpo_v1_data.jsonl'), 'utf8').trimEnd().split('\n')
  const pairs = lines.slice(lines.length > 1 ? 1 : 0).map((line) => JSON.parse(line) as Record<string, unknown>)
  const last = pairs.pop()
  const turned = last === undefined ? [] : [{ ...last, chosen: last.rejected, rejected: last.chosen }]
  writeFileSync(
    join(home, 'corrected.jsonl'),
    [...pairs, ...turned].map((pair) => `${JSON.stringify(pair)}\n`).join(''),
  )
}

/** `serve`, with a job that a window starts, or goes on with. */
const serving: Step = {
  name: 'serve',
  weight: 10,
  start(place, known, orders) {
    const begun = latestRun(storeOf(place), 'pipeline')
    const isOurs = begun !== undefined && begun.id > known
    if (isOurs && begun.status === 'done') return null
    const serving = serve(place, orders === undefined ? {} : { orders })
    const work = async () => {
      const window = await serving.window()
      try {
        if (isOurs) await window.ask.job.resume.mutate({ run: begun.id })
        else await window.ask.job.start.mutate({ command: 'pipeline', overrides: { 'flywheel.rounds': 1 } })
        const { status, error } = await endOfJob(serving, window)
        if (status !== 'done') return `the job ${status}: ${error}`
      } finally {
        window.close()
      }
      const { code, err } = await endServing(serving)
      return code === 0 ? null : `serve ended with ${code}: ${err.trim()}`
    }
    return { program: serving.program, failure: work().catch((error: unknown) => String(error)) }
  },
}

/** `merge`, which refuses a folder that has files: one that was killed after its last write is done. */
const merging: Step = {
  name: 'merge',
  weight: 4,
  start(place, _known, orders) {
    const { program, failure } = attempt(place, ['merge', 'merged'], orders)
    return { program, failure: failure.then((why) => (why?.includes('is not an empty folder') ? null : why)) }
  },
}

const RETRAINED = 2

const forgetting: Step = {
  name: 'delete',
  weight: 5,
  start: (place, _known, orders) =>
    latestRun(storeOf(place), 'retrain') === undefined ? null : attempt(place, ['delete', String(RETRAINED)], orders),
}

/** Two training seeds and two values of beta, which share most of what they make. */
const PLAN = {
  name: 'beta',
  seeds: [1, 2],
  set: { 'flywheel.rounds': 1 },
  variants: { 'beta 0.1': {}, 'beta 0.5': { 'training.dpo.beta': 0.5 } },
}

const studying: Step = {
  name: 'study',
  kind: 'studies',
  weight: 20,
  // JSON is valid YAML.
  prepare: ({ home }) => writeFileSync(join(home, 'plan.yaml'), JSON.stringify(PLAN)),
  start: (place, _known, orders) =>
    attempt(place, ['study', 'plan.yaml', ...(hasStudies(storeOf(place)) ? ['--resume'] : [])], orders),
}

/** In this order: each step works on what the steps before it have made, of its kind. */
export const JOURNEY: readonly Step[] = [
  run('pipeline', 30),
  once('import', 4, ['pairs', 'import', 'corrected.jsonl', '--replace'], correctPairs),
  run('retrain', 14),
  run('golden', 4, ['--set', 'golden.samples_per_task=2']),
  run('sft', 6),
  run('collect', 7),
  run('dpo', 8),
  run('evaluate', 6),
  once('export', 4, ['export', 'episodes', 'episodes.jsonl']),
  merging,
  serving,
  forgetting,
  studying,
  { ...once('cancel', 3, ['studies', 'cancel', '1', '1', '4']), kind: 'studies' },
  { ...once('order', 3, ['studies', 'order', '1', '3', '4', '2']), kind: 'studies' },
  { ...once('studies', 10, ['studies', 'work'], (place) => hideLatestRun(storeOf(place))), kind: 'studies' },
  runGguf('sft', 6),
  runGguf('collect', 7),
  runGguf('dpo', 8),
]
