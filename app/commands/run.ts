/** The commands that run one stage, or all of them. */
import { existsSync } from 'node:fs'
import type { Command as Program } from 'commander'
import type { Command } from '../../main/commands.ts'
import { shownPath } from '../../main/files/paths.ts'
import { errorText } from '../../main/messages/error.ts'
import { visible } from '../../main/messages/visible.ts'
import { stopOnSignals } from '../stop.ts'
import { jsonView, terminalView } from '../terminal.ts'
import { type CommandLine, EXIT, example, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'
import { tellModelsOf } from './models.ts'

export interface RunOptions extends ConfigOptions {
  readonly resume?: true
  readonly run?: number
  readonly round?: number
  readonly json?: true
  /** The folder of the adapter that `import` takes. */
  readonly adapter?: string
}

const COMMANDS: readonly { readonly name: Command; readonly what: string; readonly example: string }[] = [
  { name: 'verify', what: 'Check that everything the lab needs is there', example: 'npx dpo-driver verify --json' },
  {
    name: 'golden',
    what: 'Record golden samples with the scripted experts',
    example: 'npx dpo-driver golden --tasks click-button login-user',
  },
  {
    name: 'sft',
    what: 'Train the SFT adapter on golden samples',
    example: 'npx dpo-driver sft --config_path my.yaml --seed 7',
  },
  {
    name: 'collect',
    what: 'Let the SFT agent try tasks, and build preference pairs',
    example: 'npx dpo-driver collect --tasks click-tab',
  },
  {
    name: 'dpo',
    what: 'Train the DPO adapter and the controls on the collected pairs',
    example: 'npx dpo-driver dpo --set training.dpo.beta=0.2',
  },
  {
    name: 'evaluate',
    what: 'Compare the adapters on tasks they have not seen, and write the report',
    example: 'npx dpo-driver evaluate',
  },
  {
    name: 'retrain',
    what: 'Train DPO again on pairs that were corrected by hand, and compare it with the earlier DPO adapter',
    example: 'npx dpo-driver retrain --run 3 --round 1',
  },
  {
    name: 'pipeline',
    what: 'Run every stage, from verify to the report',
    example: 'npx dpo-driver pipeline --rounds 3',
  },
]

export function addRunCommands(cli: Program, line: CommandLine): void {
  for (const { name, what, example: shown } of COMMANDS) {
    const command = cli
      .command(name)
      .description(what)
      .option('--config_path <file>', 'configuration to use instead of config.yaml')
      .option('--seed <n>', 'seed of training and sampling', whole('--seed'))
      .option('--miniwob <dir>', 'folder with the MiniWoB++ pages, or a clone of the benchmark')
      .option('--set <key=value...>', 'any other value of the configuration, such as training.dpo.beta=0.2')
      .option('--resume', 'continue the latest unfinished run of this command')
      .option('--json', 'print JSON, one event per line')
    // `retrain` uses the tasks of its pairs.
    if (name !== 'retrain') {
      command.option(
        '--tasks <name...>',
        'tasks to learn and to evaluate, by their MiniWoB++ names, or a suite (classic, broad), separated by spaces or commas',
      )
    }
    if (name === 'pipeline') command.option('--rounds <n>', 'rounds of collecting and DPO', whole('--rounds'))
    if (name === 'retrain') {
      command.option('--run <n>', 'the run that collected the pairs; by default the latest', whole('--run'))
      command.option('--round <n>', 'the round of the pairs; by default the latest', whole('--round'))
    }
    command.addHelpText('after', example(shown))
    command.action((options: RunOptions) => run(name, options, line))
  }
}

/** Runs a command and prints what it tells. Exits with 130 where it was stopped. */
export async function run(name: Command, options: RunOptions, line: CommandLine): Promise<void> {
  const { out, err } = line
  await withLab(options, async (lab) => {
    const stop = stopOnSignals(() => err.write('\nStopping. Press Ctrl-C again to quit at once.\n'))
    const emit = options.json ? jsonView(out) : terminalView(out)
    try {
      const resume = options.resume ? 'latest' : null
      const { run, round, adapter = null } = options
      const collection = { ...(run !== undefined && { run }), ...(round !== undefined && { round }) }
      const { folder } = await lab.run(name, lab.config, { resume, collection, adapter, signal: stop.signal, emit })
      if (!options.json && existsSync(folder)) out.write(`Files of this run: ${shownPath(folder)}\n`)
      if (!options.json && name === 'verify') await tellModelsOf(lab.config, out)
    } catch (error) {
      // A reader whose model is missing can choose another.
      if (!stop.signal.aborted && !options.json && name === 'verify') await tellModelsOf(lab.config, out)
      if (!stop.signal.aborted) throw error
      if (error !== stop.signal.reason) err.write(`${visible(errorText(error))}\n`)
      err.write(`Stopped. To continue: npx dpo-driver ${resumed(process.argv.slice(2)).join(' ')}\n`)
      line.end(EXIT.stopped)
    } finally {
      stop.release()
    }
  })
}

/** The command line that resumes this run. */
function resumed(args: readonly string[]): readonly string[] {
  return args.includes('--resume') ? args : [...args, '--resume']
}
