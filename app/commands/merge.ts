/** `dpo-driver merge`: writes base model and adapter as one checkpoint. */
import { resolve } from 'node:path'
import type { Command as Program } from 'commander'
import { projectPath, shownPath } from '../../main/files/paths.ts'
import { stopOnSignals } from '../stop.ts'
import { type CommandLine, EXIT, example } from './command.ts'
import { type ConfigOptions, otherPlaces, readConfig } from './config.ts'

interface MergeOptions extends ConfigOptions {
  readonly adapter?: string
}

export function addMerge(cli: Program, line: CommandLine): void {
  cli
    .command('merge')
    .description('Merge an adapter into the base model and write one checkpoint, which works without PEFT')
    .argument('<folder>', 'folder to write to')
    .option('--adapter <folder>', 'the adapter; paths.dpo_adapter_path by default')
    .option('--config_path <file>', 'configuration that names base model and adapter')
    .option('--set <key=value...>', 'any other value of the configuration')
    .addHelpText('after', example('npx dpo-driver merge models/merged --set model.base_model_name=models/mine'))
    .action((folder: string, options: MergeOptions) => merge(folder, options, line))
}

async function merge(folder: string, options: MergeOptions, { out, err, end }: CommandLine): Promise<void> {
  const { findModel } = await import('../../main/engine/load.ts')
  const { mergeAdapter } = await import('../../main/adapters/merge.ts')
  const { english } = await import('../../main/messages/say.ts')
  const { refuseOutputFolder } = await import('../../main/pipeline/output.ts')
  const config = await readConfig(options)
  refuseOutputFolder(config, resolve(folder), await otherPlaces(config, options))
  const base = await findModel(config.model.base_model_name)
  const adapter = options.adapter === undefined ? projectPath(config.paths.dpo_adapter_path) : resolve(options.adapter)
  let told = 0
  const stop = stopOnSignals(() => err.write('\nStopping.\n'))
  try {
    await mergeAdapter(base, adapter, resolve(folder), {
      signal: stop.signal,
      warn: (told) => err.write(`${english(told)}\n`),
      onProgress(done, total) {
        const tenths = Math.floor((10 * done) / total)
        if (tenths > told) err.write(`Merging: ${10 * tenths}%\n`)
        told = tenths
      },
    })
    out.write(`${shownPath(base)} with ${shownPath(adapter)} is in ${folder}\n`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    err.write('Stopped; nothing was written.\n')
    end(EXIT.stopped)
  } finally {
    stop.release()
  }
}
