/** `dpo-driver delete`: deletes runs for good. */
import type { Command as Program } from 'commander'
import { UserError } from '../../main/messages/error.ts'
import { example, type Terminal, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'

export function addDelete(cli: Program, { out }: Terminal): void {
  cli
    .command('delete')
    .description('Delete runs with their results and folders; this cannot be undone')
    .argument('<run...>', 'numbers of the runs, as `dpo-driver runs` shows them')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', example('npx dpo-driver delete 3 4'))
    .action((runs: string[], options: ConfigOptions) => {
      const numbers = runs.map(whole('run'))
      return withLab(options, (lab) => {
        // All numbers first: a wrong one must not leave half of the work done.
        for (const run of numbers) if (lab.store.runs.find(run) === undefined) throw new UserError('noRun', { run })
        for (const run of numbers) {
          lab.forget(run)
          out.write(`Run ${run} is deleted.\n`)
        }
      })
    })
}
