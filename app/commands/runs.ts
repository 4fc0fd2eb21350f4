/** `dpo-driver runs`: lists the runs of the store. */
import type { Command as Program } from 'commander'
import type { Lab } from '../../main/lab.ts'
import { failureOfRun } from '../../main/store/failure.ts'
import { duration } from '../terminal.ts'
import { example, type Terminal } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'

interface RunsOptions extends ConfigOptions {
  readonly json?: true
}

export function addRuns(cli: Program, terminal: Terminal): void {
  cli
    .command('runs')
    .description('List the runs, the latest first')
    .option('--config_path <file>', 'configuration that names the store')
    .option('--json', 'print JSON, one run per line')
    .addHelpText('after', example('npx dpo-driver runs'))
    .action((options: RunsOptions) => withLab(options, (lab) => list(lab, options, terminal)))
}

function list({ store }: Lab, options: RunsOptions, { out }: Terminal): void {
  const runs = store.runs.list()
  const stages = store.stages.byRun()
  if (runs.length === 0 && !options.json) out.write('There are no runs yet; `npm run pipeline` makes the first.\n')
  for (const run of runs) {
    const seconds = (stages.get(run.id) ?? []).reduce((sum, stage) => sum + stage.seconds, 0)
    const { id, name, command, status } = run
    const started = new Date(run.started).toISOString()
    const error = status === 'failed' ? (failureOfRun(store, id)?.error ?? null) : null
    const line = options.json
      ? JSON.stringify({ id, name, command, status, started, seconds, error })
      : `${String(id).padStart(4)}  ${name}  ${String(command).padEnd(8)}  ${status.padEnd(7)}  ${started}  ${duration(seconds)}`
    out.write(`${line}\n`)
    if (error !== null && !options.json) out.write(`      ${error}\n`)
  }
}
