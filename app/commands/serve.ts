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
  readonly tokenFile?: string
  readonly readOnly?: true
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
    .option(
      '--token-file <file>',
      'a token that stays the same at every start; made where there is no such file. With --port, the address stays too',
    )
    .option('--read-only', 'also print an address that can watch and download, and change nothing')
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

async function serve(options: ServeOptions, { out, err }: Terminal): Promise<void> {
  const { port, host, open, tokenFile, readOnly, config_path, set } = options
  const { openBrowser } = await import('../browser.ts')
  const { serveLab } = await import('../web.ts')
  const { isLoopback } = await import('../../main/rpc/guard.ts')
  const { Settings } = await import('../../main/config/settings.ts')
  const settings = new Settings(config_path, await readOverrides(set))
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile, err)
  const web = await serveLab({
    settings,
    host,
    token,
    readOnly,
    ...(port === undefined ? {} : { port: portOf(port) }),
  })
  const stop = stopOnSignals(() => err.write('\nStopping. Press Ctrl-C again to quit at once.\n'))
  out.write(`The lab is at ${web.url}\nAnyone who has this address can use the lab. Press Ctrl-C to stop it.\n`)
  if (web.readUrl !== null) {
    out.write(`To watch and download, without changing anything: ${web.readUrl}\n`)
  }
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

/** The token in the file. Tells where the file is new, or others can read it. */
async function readToken(path: string, err: Terminal['err']): Promise<string> {
  const { fixedToken } = await import('../token-file.ts')
  const { token, made, open } = fixedToken(path)
  if (made) err.write(`The file ${path} has a new token. Whoever reads it can use the lab.\n`)
  if (open !== null)
    err.write(`Others on this machine may read ${path} (its mode is ${open}); chmod 600 keeps it yours.\n`)
  return token
}
