/** Opens MLflow's own web page with the runs that the lab has recorded. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { pathToFileURL } from 'node:url'
import type { Config } from '../main/config/schema.ts'
import { makeFolder, unwritable } from '../main/files/file.ts'
import { UserError } from '../main/messages/error.ts'
import { trackingFolder } from '../main/tracking/follow.ts'

export interface MlflowPage {
  /** Called with what the user should know before MLflow prints anything. */
  readonly say: (line: string) => void
  readonly port: number
  /** Aborted to end MLflow. */
  readonly signal: AbortSignal
  /** The program; tests give another. */
  readonly program?: string
}

/**
 * Runs `mlflow ui` on the folder that `tracking.uri` names, until it ends or the signal is aborted.
 * @throws UserError where nothing is recorded, a server has the records, or MLflow is not installed.
 */
export async function openMlflow(config: Config, { say, port, signal, program = 'mlflow' }: MlflowPage): Promise<void> {
  const { uri } = config.tracking
  if (uri === null) throw new UserError('nothingRecorded')
  const folder = trackingFolder(config)
  if (folder === null) throw new UserError('recordedElsewhere', { uri })
  try {
    makeFolder(folder)
  } catch (error) {
    throw unwritable(folder, error)
  }
  const args = ['ui', '--backend-store-uri', pathToFileURL(folder).href, '--port', String(port)]
  // MLflow reads its own file layout only with this variable.
  const env = { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true' }
  await checkPort(port)
  if (signal.aborted) return
  const child = spawn(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const end = () => child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  child.once('spawn', () =>
    say(`MLflow's page for ${folder} will be at http://127.0.0.1:${port}. Press Ctrl-C to stop it.`),
  )
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      failed(error.code === 'ENOENT' ? new UserError('mlflowMissing') : error),
    )
    child.once('exit', ended)
  }).finally(() => signal.removeEventListener('abort', end))
  if (code !== 0 && !signal.aborted) throw new UserError('mlflowFailed', { code: String(code) })
}

/** Throws UserError where the port is taken. MLflow itself would print that among much else, and exit with 0. */
async function checkPort(port: number): Promise<void> {
  const server = createServer()
  const taken = await new Promise<boolean>((answer) => {
    server.once('error', () => answer(true))
    server.listen(port, '127.0.0.1', () => server.close(() => answer(false)))
  })
  if (taken) throw new UserError('portUnavailable', { port })
}
