/** `dpo-driver export`: writes results of a run as files that other tools read. */
import { resolve } from 'node:path'
import { Argument, type Command as Program } from 'commander'
import { EXPORTS, type ExportKind } from '../../main/exports/kinds.ts'
import { writeStreamAtomic } from '../../main/files/file.ts'
import type { Lab } from '../../main/lab.ts'
import { UserError } from '../../main/messages/error.ts'
import { EXIT_CODES, type Terminal, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'

interface ExportOptions extends ConfigOptions {
  readonly run?: number
}

const KINDS = Object.entries(EXPORTS).map(([kind, text]) => `  ${kind.padEnd(11)} ${text}`)

export function addExport(cli: Program, terminal: Terminal): void {
  cli
    .command('export')
    .description('Write the results of a run to a file for other tools')
    .addArgument(new Argument('<what>', 'what to write').choices(Object.keys(EXPORTS)))
    .argument('<file>', 'file to write to; - for the standard output')
    .option(
      '--run <n>',
      'number of the run, as `runs` shows it; by default the latest run that has such results',
      whole('--run'),
    )
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText(
      'after',
      `\nWhat:\n${KINDS.join('\n')}\n\nExample:\n  npx dpo-driver export kto kto.jsonl\n${EXIT_CODES}`,
    )
    .action((what: ExportKind, file: string, options: ExportOptions) =>
      withLab(options, (lab) => write(lab, what, file, options.run, terminal)),
    )
}

async function write(
  { store }: Lab,
  what: ExportKind,
  file: string,
  wanted: number | undefined,
  { out, err }: Terminal,
): Promise<void> {
  const { exportRun, latestWith } = await import('../../main/exports/lines.ts')
  const run = wanted ?? latestWith(store, what)
  if (run === undefined) throw new UserError('nothingToExport', { what })
  if (store.runs.find(run) === undefined) throw new UserError('noRun', { run })
  const isPiped = file === '-'
  let lines = 0
  if (isPiped) lines = await exportRun(store, run, what, (piece) => out.write(piece))
  else {
    await writeStreamAtomic(resolve(file), async (write) => {
      lines = await exportRun(store, run, what, (piece) => write(Buffer.from(piece)))
    })
  }
  const screen = isPiped ? err : out
  const where = isPiped ? 'the standard output' : file
  screen.write(`${lines} ${lines === 1 ? 'line' : 'lines'} of run ${run} in ${where}\n`)
}
