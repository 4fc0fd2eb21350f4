/** `dpo-driver workers`: the machines that play along. */
import type { Command as Program } from 'commander'
import type { Message } from '../../main/messages/message.ts'
import type { PresentWorker } from '../../main/workers/presence.ts'
import { type CommandLine, example } from './command.ts'
import type { ConfigOptions } from './config.ts'
import { queueConfig } from './worker.ts'

interface WorkersOptions extends ConfigOptions {
  readonly queue?: string
  readonly prefix?: string
  readonly json?: true
}

export function addWorkers(cli: Program, line: CommandLine): void {
  cli
    .command('workers')
    .description('List the machines that play problems from the queue')
    .option('--queue <address>', 'the server; by default workers.queue')
    .option('--prefix <name>', 'what stands before the keys on the server; by default workers.prefix')
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration')
    .option('--json', 'print JSON, one worker per line')
    .addHelpText('after', example('npx dpo-driver workers --queue redis://192.0.2.7:6379'))
    .action((options: WorkersOptions) => list(options, line))
}

async function list({ json, ...options }: WorkersOptions, { out }: CommandLine): Promise<void> {
  const { workers: settings } = await queueConfig(options)
  const { english } = await import('../../main/messages/say.ts')
  const { visible } = await import('../../main/messages/visible.ts')
  const { connectServer } = await import('../../main/workers/server.ts')
  const { workers } = await import('../../main/workers/presence.ts')
  const server = await connectServer(settings.queue ?? '', settings.prefix)
  try {
    const there = await workers(server)
    if (json) for (const worker of there) out.write(`${JSON.stringify(worker)}\n`)
    else if (there.length === 0) out.write(`No worker is at ${server.address} with the prefix ${server.prefix}.\n`)
    else for (const worker of there) out.write(`${lines(worker, english).map(visible).join('\n')}\n`)
  } finally {
    server.close()
  }
}

function lines(worker: PresentWorker, english: (told: Message) => string): string[] {
  const { machine, pages, episodes, lately, playing, refuses, seen } = worker
  const [first] = playing
  const now =
    first === undefined ? 'waits' : `plays ${first.stage} of run ${first.run}: ${first.task}, seed ${first.seed}`
  return [
    `${machine.name}  ${english(machine.engine)}`,
    `  ${pages} pages, ${episodes} episodes, ${lately} in the last minute; ${now}${playing.length > 1 ? ` and ${playing.length - 1} more` : ''}; seen ${Math.round(seen / 1000)} s ago`,
    ...refuses.map((why) => `  ${english(why)}`),
  ]
}
