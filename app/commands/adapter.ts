/** `dpo-driver adapter`: takes back an adapter that was trained elsewhere, as a run that evaluates it beside the others. */
import { resolve } from 'node:path'
import type { Command as Program } from 'commander'
import { type CommandLine, example } from './command.ts'
import type { ConfigOptions } from './config.ts'
import { type RunOptions, run } from './run.ts'

export function addAdapter(cli: Program, line: CommandLine): void {
  cli
    .command('adapter')
    .description('Work with adapters that were trained elsewhere')
    .command('import')
    .description(
      'Take the adapter that train.py of `export trl` wrote as DPO policy, and evaluate it beside the others',
    )
    .argument('<folder>', 'the folder that train.py wrote: trained, in the export')
    .option('--config_path <file>', 'configuration that names store, base model and evaluation')
    .option('--set <key=value...>', 'any other value of the configuration')
    .option('--resume', 'continue the latest unfinished import')
    .option('--json', 'print JSON, one event per line')
    .addHelpText('after', example('npx dpo-driver adapter import training/trained'))
    .action((folder: string, options: ConfigOptions & Pick<RunOptions, 'resume' | 'json'>) =>
      run('import', { ...options, adapter: resolve(folder) }, line),
    )
}
