/** `dpo-driver serve`: serves the lab to a browser. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command as Program } from 'commander'
import { projectPath } from '../../main/files/paths.ts'
import { stopOnSignals } from '../stop.ts'
import { example, portOf, type Terminal } from './command.ts'
import { readOverrides } from './config.ts'

interface ServeOptions {
  readonly port?: string
  readonly host: string
  readonly open?: true
  readonly config_path?: string
  readonly set?: readonly string[]
}

export function addServe(cli: Program, terminal: Terminal): void {
  cli
    .command('serve')
    .description("Serve the lab's window to a browser; it can do everything that the commands do")
    .option('--port <n>', 'port to listen on; by default any free one')
    .option(
      '--host <address>',
      'address to listen on; any other than 127.0.0.1 opens the lab to the network',
      '127.0.0.1',
    )
    .option('--open', "open the window in this machine's browser")
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'a value that overrides the file, such as paths.store=data/other.sqlite')
    .addHelpText(
      'after',
      example(
        'npx dpo-driver serve --port 8080                  on a remote machine\n  ssh -L 8080:127.0.0.1:8080 that-machine           then on your own',
      ),
    )
    .action((options: ServeOptions) => serve(options, terminal))
}

async function serve({ port, host, open, config_path, set }: ServeOptions, { out, err }: Terminal): Promise<void> {
  const { openBrowser } = await import('../browser.ts')
  const { serveLab } = await import('../web.ts')
  const { isLoopback } = await import('../../main/rpc/guard.ts')
  const { Settings } = await import('../../main/config/settings.ts')
  const settings = new Settings(config_path, await readOverrides(set))
  const web = await serveLab({ settings, host, ...(port === undefined ? {} : { port: portOf(port) }) })
  const stop = stopOnSignals(() => err.write('\nStopping. Press Ctrl-C again to quit at once.\n'))
  out.write(`The lab is at ${web.url}\nAnyone who has this address can use the lab. Press Ctrl-C to stop it.\n`)
  if (!isLoopback(host)) {
    err.write(
      'Other machines in the network can reach the lab and read its traffic; an SSH tunnel to 127.0.0.1 is safer.\n',
    )
  }
  const page = join(dirname(projectPath(settings.read().paths.store)), 'open-lab.html')
  try {
    if (open) await openBrowser(web.ticketUrl(), page)
    await web.jobs
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
  } finally {
    await web.close()
    if (open) rmSync(page, { force: true })
    stop.release()
  }
}
