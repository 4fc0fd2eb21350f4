/** `dpo-driver play`: one episode, step by step. */
import type { Command as Program } from 'commander'
import type { Message } from '../../main/messages/message.ts'
import { stopOnSignals } from '../stop.ts'
import { type CommandLine, EXIT, whole } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'
import { ADAPTER, policyOf } from './policy.ts'

interface PlayOptions extends ConfigOptions {
  readonly adapter?: string
  readonly json?: true
}

const AFTER = `
The agent takes the likeliest answers, as in an evaluation. Nothing is stored.

Example:
  npx dpo-driver play click-tab-2 --seed 7 --adapter models/sft_v1_adapter

Exit codes: 0 the agent solved the problem, 1 it did not or something broke, 2 something you can mend, 130 stopped.`

export function addPlay(cli: Program, line: CommandLine): void {
  cli
    .command('play')
    .description('Let the agent play one problem, and show each page, thought and action')
    .argument('<task>', 'the task, by its MiniWoB++ name')
    .option('--seed <n>', 'seed of the problem; evaluation.seed_start by default', whole('--seed'))
    .option('--adapter <folder>', ADAPTER)
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--miniwob <dir>', 'folder with the MiniWoB++ pages, or a clone of the benchmark')
    .option('--set <key=value...>', 'any other value of the configuration')
    .option('--json', 'print JSON, one event per line')
    .addHelpText('after', AFTER)
    .action((task: string, options: PlayOptions) => play(task, options, line))
}

async function play(name: string, { seed, ...options }: PlayOptions, { out, err, end }: CommandLine): Promise<void> {
  const read = await readConfig(options)
  const config = { ...read, environment: { ...read.environment, pages: 1 } }
  const { UserError } = await import('../../main/messages/error.ts')
  const { english } = await import('../../main/messages/say.ts')
  const { openResources } = await import('../../main/pipeline/resources.ts')
  const { playEpisode } = await import('../../main/live/play.ts')
  const { episodeEvents, jsonEpisode, textEpisode } = await import('../episode-view.ts')
  if (seed !== undefined && seed < 0) throw new UserError('optionNegative', { option: '--seed' })
  const policy = await policyOf(config, options.adapter)
  const warn = (told: Message) => err.write(`${english(told)}\n`)
  const stop = stopOnSignals(() => err.write('\nStopping.\n'))
  const resources = openResources(config, { tell: warn, signal: stop.signal })
  try {
    const [task] = resources.tasksNamed([name])
    const job = { task: task!, seed: seed ?? config.evaluation.seed_start, attempt: 0 }
    const view = options.json ? jsonEpisode(out) : textEpisode(out)
    let solved = false
    const spectator = episodeEvents(policy, (event) => {
      if (event.event === 'end') solved = event.outcome === 'success'
      view(event)
    })
    const request = { job, policies: [{ policy, spectator, warn }], temperature: 0 }
    await playEpisode(resources, config, request, stop.signal, () => {})
    if (!solved) end(EXIT.failed)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    end(EXIT.stopped)
  } finally {
    stop.release()
    await resources.close()
  }
}
