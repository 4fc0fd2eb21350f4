/** `dpo-driver merge`: writes base model and adapter as one checkpoint, or as GGUF. */
import { resolve } from 'node:path'
import { Option, type Command as Program } from 'commander'
import { GGUF_FORMS, type GgufForm } from '../../main/adapters/forms.ts'
import { projectPath, shownPath } from '../../main/files/paths.ts'
import { stopOnSignals } from '../stop.ts'
import { type CommandLine, EXIT, example } from './command.ts'
import { type ConfigOptions, otherPlaces, readConfig } from './config.ts'

interface MergeOptions extends ConfigOptions {
  readonly adapter?: string
  readonly gguf?: GgufForm
}

export function addMerge(cli: Program, line: CommandLine): void {
  cli
    .command('merge')
    .description('Merge an adapter into the base model and write one checkpoint, which works without PEFT')
    .argument('<target>', 'folder to write to; with --gguf a file')
    .option('--adapter <folder>', 'folder of the adapter, or sft or dpo; dpo by default')
    .addOption(
      new Option(
        '--gguf [form]',
        'write a GGUF file for llama.cpp, F16 by default; LoRA writes the adapter alone, for its --lora',
      )
        .choices(GGUF_FORMS)
        .preset(GGUF_FORMS[0]),
    )
    .option('--config_path <file>', 'configuration that names base model and adapter')
    .option('--set <key=value...>', 'any other value of the configuration')
    .addHelpText(
      'after',
      example(
        [
          'npx dpo-driver merge models/merged --set model.base_model_name=models/mine',
          'npx dpo-driver merge models/agent.gguf --gguf Q8_0',
        ].join('\n  '),
      ),
    )
    .action((target: string, options: MergeOptions) => merge(target, options, line))
}

async function merge(target: string, options: MergeOptions, { out, err, end }: CommandLine): Promise<void> {
  const { findModel } = await import('../../main/engine/load.ts')
  const { mergeAdapter } = await import('../../main/adapters/merge.ts')
  const { english } = await import('../../main/messages/say.ts')
  const { refuseOutputFile, refuseOutputFolder } = await import('../../main/pipeline/output.ts')
  const config = await readConfig(options)
  const form = options.gguf ?? 'safetensors'
  const refuse = form === 'safetensors' ? refuseOutputFolder : refuseOutputFile
  refuse(config, resolve(target), await otherPlaces(config, options))
  const base = await findModel(config.model.base_model_name)
  const { adapter: named = 'dpo' } = options
  const adapter =
    named === 'sft' || named === 'dpo' ? projectPath(config.paths[`${named}_adapter_path`]) : resolve(named)
  let told = 0
  const stop = stopOnSignals(() => err.write('\nStopping.\n'))
  try {
    await mergeAdapter(base, adapter, resolve(target), {
      form,
      signal: stop.signal,
      warn: (told) => err.write(`${english(told)}\n`),
      onProgress(done, total) {
        const tenths = Math.floor((10 * done) / total)
        if (tenths > told) err.write(`Merging: ${10 * tenths}%\n`)
        told = tenths
      },
    })
    const what = form === 'LoRA' ? '' : `${shownPath(base)} with `
    out.write(`${what}${shownPath(adapter)} is in ${target}\n`)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    err.write('Stopped; nothing was written.\n')
    end(EXIT.stopped)
  } finally {
    stop.release()
  }
}
