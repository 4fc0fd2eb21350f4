/** The lab's command line. */
import { setImmediate } from 'node:timers/promises'
import { CommanderError, Command as Program } from 'commander'
import { VERSION } from '../main/files/version.ts'
import { errorText, UserError } from '../main/messages/error.ts'
import { visible } from '../main/messages/visible.ts'
import { addAdapter } from './commands/adapter.ts'
import { type CommandLine, EXIT, EXIT_CODES, type Terminal } from './commands/command.ts'
import { addDelete } from './commands/delete.ts'
import { addEstimate } from './commands/estimate.ts'
import { addExport } from './commands/export.ts'
import { addMerge } from './commands/merge.ts'
import { addMlflow } from './commands/mlflow.ts'
import { addModels } from './commands/models.ts'
import { addPairs } from './commands/pairs.ts'
import { addPlay } from './commands/play.ts'
import { addPredict } from './commands/predict.ts'
import { addReport } from './commands/report.ts'
import { addRunCommands } from './commands/run.ts'
import { addRuns } from './commands/runs.ts'
import { addServe } from './commands/serve.ts'
import { addStudies } from './commands/studies.ts'
import { addStudy } from './commands/study.ts'
import { addWorker } from './commands/worker.ts'
import { addWorkers } from './commands/workers.ts'

/** In the order in which --help lists them. */
const COMMANDS = [
  addRunCommands,
  addStudy,
  addStudies,
  addPlay,
  addPredict,
  addRuns,
  addDelete,
  addModels,
  addEstimate,
  addMerge,
  addReport,
  addExport,
  addAdapter,
  addPairs,
  addWorker,
  addWorkers,
  addMlflow,
  addServe,
]

function program(line: CommandLine): Program {
  const cli = new Program('dpo-driver')
    .description(
      'A lab for environment-feedback DPO: a web agent learns from the success or failure of its own attempts.',
    )
    .version(VERSION)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => line.out.write(text), writeErr: (text) => line.err.write(text) })
    .showSuggestionAfterError()
  for (const add of COMMANDS) add(cli, line)
  return cli
}

/** Runs a command line and returns the exit code. */
export async function dpoDriver(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.done
  const end = (ended: number) => {
    code = ended
  }
  try {
    await program({ ...terminal, end }).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // commander has already printed its message. Help and version are fine; anything else is a wrong command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.mendable
    terminal.err.write(`${visible(errorText(error))}\n`)
    return error instanceof UserError ? EXIT.mendable : EXIT.failed
  }
}

/** Runs a command line with this process's own output. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let lost: string | undefined
  for (const output of [process.stdout, process.stderr]) {
    // The run goes on when the reader of its output closes (| head), or the disk of its output is full.
    output.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (code !== 'EPIPE') lost ??= code
    })
  }
  const code = await dpoDriver(args, { out: process.stdout, err: process.stderr })
  // Streams tell of their errors a moment later.
  await setImmediate()
  if (lost === undefined || code !== EXIT.done) return code
  process.stderr.write(`${new UserError('outputLost', { code: lost }).message}\n`)
  return EXIT.failed
}

if (import.meta.main) process.exitCode = await runProgram(process.argv.slice(2))
