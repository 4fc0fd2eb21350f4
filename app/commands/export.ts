/** `dpo-driver export`: writes results of a run as files that other tools read. */
import { resolve } from 'node:path'
import { Argument, type Command as Program } from 'commander'
import { EXPORTS, type ExportKind } from '../../main/exports/kinds.ts'
import { isReadOnly } from '../../main/files/append.ts'
import { writeStreamAtomic } from '../../main/files/file.ts'
import { projectPath, shownPath } from '../../main/files/paths.ts'
import type { Lab } from '../../main/lab.ts'
import { UserError } from '../../main/messages/error.ts'
import { type Message, message, type Say } from '../../main/messages/message.ts'
import { english } from '../../main/messages/say.ts'
import { stopOnSignals } from '../stop.ts'
import { type CommandLine, EXIT, EXIT_CODES, type Terminal, whole } from './command.ts'
import { type ConfigOptions, otherPlaces, withLab } from './config.ts'

interface ExportOptions extends ConfigOptions {
  readonly run?: number
  readonly round?: number
}

/** Written as a folder; all others are files. */
const TRL = 'trl'
const KINDS = [...Object.entries(EXPORTS), [TRL, 'a training of DPO for TRL on any number of processes, a folder']].map(
  ([kind = '', text]) => `  ${kind.padEnd(11)} ${text}`,
)

export function addExport(cli: Program, terminal: CommandLine): void {
  cli
    .command('export')
    .description('Write the results of a run to a file for other tools')
    .addArgument(new Argument('<what>', 'what to write').choices([...Object.keys(EXPORTS), TRL]))
    .argument('<file>', 'file to write to; - for the standard output; with trl a new folder')
    .option(
      '--run <n>',
      'number of the run, as `runs` shows it; by default the latest run that has such results',
      whole('--run'),
    )
    .option('--round <n>', 'with trl the round; by default the last', whole('--round'))
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText(
      'after',
      `\nWhat:\n${KINDS.join('\n')}\n\nExample:\n  npx dpo-driver export kto kto.jsonl\n  npx dpo-driver export trl training --run 3\n${EXIT_CODES}`,
    )
    .action((what: ExportKind | typeof TRL, file: string, options: ExportOptions) =>
      withLab(options, (lab) =>
        what === TRL ? writeTrl(lab, file, options, terminal) : write(lab, what, file, options, terminal),
      ),
    )
}

async function writeTrl({ config, store }: Lab, given: string, options: ExportOptions, terminal: CommandLine) {
  const { exportedMessage, exportTrl } = await import('../../main/exports/trl.ts')
  const { refuseOutputFolder } = await import('../../main/pipeline/output.ts')
  const folder = resolve(given)
  refuseOutputFolder(config, folder, await otherPlaces(config, options))
  const wanted = store.pairs.rounds().find(({ run, round }) => {
    return run === (options.run ?? run) && round === (options.round ?? round)
  })
  if (wanted === undefined) throw new UserError('nothingToExport', { what: 'pairs' })
  const tell = (told: Message) => terminal.err.write(`${english(told)}\n`)
  const stop = stopOnSignals(() => terminal.err.write('\nStopping.\n'))
  try {
    const say: Say = (id, ...given) => tell(message(id, ...given))
    const { run, round } = wanted
    const done = await exportTrl(store, { run, round }, folder, {
      present: config,
      signal: stop.signal,
      say,
      warn: tell,
    })
    const told = exportedMessage(done, given)
    terminal.out.write(`${english(told)}\n`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    terminal.err.write('Stopped; nothing was written.\n')
    terminal.end(EXIT.stopped)
  } finally {
    stop.release()
  }
}

async function write(
  { config, store }: Lab,
  what: ExportKind,
  file: string,
  options: ExportOptions,
  { out, err }: Terminal,
): Promise<void> {
  const { exportRun, latestWith } = await import('../../main/exports/lines.ts')
  const { isSame, refuseOutputFile } = await import('../../main/pipeline/output.ts')
  const isPiped = file === '-'
  const isOwn = what === 'preferences' && !isPiped && isSame(resolve(file), projectPath(config.paths.preference_data))
  if (!isPiped && !isOwn) refuseOutputFile(config, file, await otherPlaces(config, options))
  const run = options.run ?? latestWith(store, what)
  if (run === undefined) throw new UserError('nothingToExport', { what })
  if (store.runs.find(run) === undefined) throw new UserError('noRun', { run })
  const screen = isPiped ? err : out
  let lines = 0
  if (isPiped) lines = await exportRun(store, run, what, (piece) => out.write(piece))
  else if (isOwn) lines = await writePreferenceFile({ config, store }, run, (line) => screen.write(`${line}\n`))
  else {
    await writeStreamAtomic(resolve(file), async (write) => {
      lines = await exportRun(store, run, what, (piece) => write(Buffer.from(piece)))
    })
  }
  const where = isPiped ? 'the standard output' : file
  screen.write(`${lines} ${lines === 1 ? 'line' : 'lines'} of run ${run} in ${where}\n`)
}

/**
 * Writes the configuration's own preference file, as a run does: a file that was edited by hand is first copied, which
 * `say` hears. Returns the number of lines. Throws UserError where the run has no pairs, or the file cannot be written.
 */
async function writePreferenceFile(
  { config, store }: Pick<Lab, 'config' | 'store'>,
  run: number,
  say: (line: string) => void,
): Promise<number> {
  const { takePlaces } = await import('../../main/pipeline/places.ts')
  const { exportPreferences } = await import('../../main/preferences/file.ts')
  const path = projectPath(config.paths.preference_data)
  const key = { run, round: store.pairs.lastRound(run) }
  const lines = store.pairs.kept(key).length
  if (lines === 0) throw new UserError('nothingToExportPairs', { run })
  const release = takePlaces(config, { preference_data: 'write' })
  try {
    if (isReadOnly(path)) throw new UserError('fileReadOnly', { path: shownPath(path) })
    const copy = exportPreferences(store, path, key)
    if (copy !== null) say(english(message('preferencesCopied', { path: shownPath(path), copy: shownPath(copy) })))
  } finally {
    release()
  }
  return lines
}
