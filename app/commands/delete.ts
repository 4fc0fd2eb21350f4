/** `dpo-driver delete`: forgets runs. */
import type { Command as Program } from 'commander'
import { example, type Terminal, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'

export function addDelete(cli: Program, { out }: Terminal): void {
  cli
    .command('delete')
    .description('Delete runs with all that they found, and their folders; this cannot be undone')
    .argument('<run...>', 'numbers of runs, as `dpo-driver runs` lists them')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', example('npx dpo-driver delete 3 4'))
    .action((runs: string[], options: ConfigOptions) => {
      const numbers = runs.map(whole('run'))
      return withLab(options, (lab) => {
        for (const run of numbers) {
          lab.forget(run)
          out.write(`Run ${run} is deleted.\n`)
        }
      })
    })
}
