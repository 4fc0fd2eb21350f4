/** `dpo-driver worker`: plays problems for the labs that share a queue. */
import type { Command as Program } from 'commander'
import type { Config } from '../../main/config/schema.ts'
import type { Message } from '../../main/messages/message.ts'
import type { WorkerEvent } from '../../main/workers/worker.ts'
import { stopOnSignals } from '../stop.ts'
import { type CommandLine, whole } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'

interface WorkerOptions extends ConfigOptions {
  readonly queue?: string
  readonly prefix?: string
  readonly pages?: number
  readonly engine?: string
}

const AFTER = `
The worker has to have the same version of the lab, the same base model and the same task pages as the lab; it says what
differs. Adapters come through the queue. User and password of the server: DPO_DRIVER_QUEUE_USER, DPO_DRIVER_QUEUE_PASSWORD.

Examples:
  npx dpo-driver worker --queue redis://192.0.2.7:6379
  npx dpo-driver worker --queue rediss://queue.example:6380 --pages 8 --engine native

Exit codes: 0 stopped with Ctrl-C, 1 something broke, 2 something you can mend.`

export function addWorker(cli: Program, line: CommandLine): void {
  cli
    .command('worker')
    .description('Play problems for the labs that share a queue, until Ctrl-C')
    .option('--queue <address>', 'the server, redis://host:port or rediss://host:port; by default workers.queue')
    .option('--prefix <name>', 'what stands before the keys on the server; by default workers.prefix')
    .option('--pages <n>', 'pages of the browser; by default environment.pages', whole('--pages'))
    .option('--engine <name>', 'what computes; by default model.engine')
    .option('--miniwob <dir>', 'folder with the MiniWoB++ pages, or a clone of the benchmark')
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration, such as model.base_model_name')
    .addHelpText('after', AFTER)
    .action((options: WorkerOptions) => worker(options, line))
}

/** The configuration, with the options of a worker over it. Throws UserError where no queue is named. */
export async function queueConfig({ queue, prefix, pages, engine, ...options }: WorkerOptions): Promise<Config> {
  const { UserError } = await import('../../main/messages/error.ts')
  const given = { 'workers.queue': queue, 'workers.prefix': prefix, 'environment.pages': pages, 'model.engine': engine }
  const texts = Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
  const config = await readConfig({ ...options, set: [...(options.set ?? []), ...texts] })
  if (config.workers.queue === null) throw new UserError('queueMissing')
  return config
}

async function worker(options: WorkerOptions, { out, err }: CommandLine): Promise<void> {
  const config = await queueConfig(options)
  const { english } = await import('../../main/messages/say.ts')
  const { visible } = await import('../../main/messages/visible.ts')
  const { projectPath } = await import('../../main/files/paths.ts')
  const { PROBLEMS_PER_PAGE } = await import('../../main/agent/rollout.ts')
  const { openResources } = await import('../../main/pipeline/resources.ts')
  const { requirementsOf, machineOf } = await import('../../main/workers/requirements.ts')
  const { Players } = await import('../../main/workers/players.ts')
  const { serverReason } = await import('../../main/workers/server.ts')
  const { work } = await import('../../main/workers/worker.ts')
  const { WorkerWindow } = await import('../../main/live/worker-window.ts')
  const tell = (text: string) => out.write(`${visible(text)}\n`)
  const warn = (told: Message) => err.write(`${visible(english(told))}\n`)
  const stop = stopOnSignals(() =>
    err.write('\nStopping after the problems in progress. Press Ctrl-C again to quit at once.\n'),
  )
  const resources = openResources(config, { tell: warn, signal: stop.signal })
  try {
    const server = await resources.queue!()
    const model = await resources.model()
    const { pages } = config.environment
    const window = new WorkerWindow()
    const players = new Players({
      ...{ server, model, pages, warn, audience: window.audience },
      tasks: resources.tasks(),
      cache: projectPath('data/policies'),
    })
    const machine = machineOf(model, process.pid)
    tell(
      `${machine.name} waits for problems at ${server.address}, prefix ${server.prefix} (${english(machine.engine)}). Press Ctrl-C to stop.`,
    )
    try {
      await work({
        ...{ server, machine, window, pages, slots: pages * PROBLEMS_PER_PAGE },
        requirements: await requirementsOf(model),
        pagesOf: (play) => players.pagesOf(play),
        open: (play) => players.open(play),
        signal: stop.signal,
        hear: (event) => tell(eventText(event, server.address, { english, serverReason })),
      })
    } finally {
      await players.close()
    }
  } finally {
    await resources.close()
    stop.release()
  }
}

interface Words {
  readonly english: (told: Message) => string
  readonly serverReason: (error: unknown) => string
}

function eventText(event: WorkerEvent, address: string, { english, serverReason }: Words): string {
  if (event.event === 'strange') return `Does not play: ${english(event.why)}`
  if (event.event === 'back') return `The queue at ${address} answers again.`
  if (event.event === 'away') {
    return `The queue at ${address} does not answer: ${serverReason(event.error)}. The worker waits.`
  }
  const { lab, run, stage, round, arm } = event.play
  const what = `run ${run} of ${lab}, ${[stage, ...(round > 0 ? [`round ${round}`] : []), ...(arm === '' ? [] : [arm])].join(', ')}`
  switch (event.event) {
    case 'begins':
      return `Plays for ${what}.`
    case 'ends':
      return `Played ${event.episodes} episodes for ${what}.`
    case 'refuses':
      return `Does not play for ${what}: ${event.why.map(english).join(' ')}`
  }
}
