/** `dpo-driver delete`: deletes runs for good. */
import type { Command as Program } from 'commander'
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
        lab.forget(numbers)
        for (const run of numbers) out.write(`Run ${run} is deleted.\n`)
      })
    })
}
