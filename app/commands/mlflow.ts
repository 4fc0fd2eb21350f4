/** `dpo-driver mlflow`: opens MLflow's web page with the recorded runs. */
import type { Command as Program } from 'commander'
import { stopOnSignals } from '../stop.ts'
import { example, portOf, type Terminal } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'

interface MlflowOptions extends ConfigOptions {
  readonly port: string
}

export function addMlflow(cli: Program, { out, err }: Terminal): void {
  cli
    .command('mlflow')
    .description("Open MLflow's web page with the recorded runs; MLflow must be installed")
    .option('--port <n>', 'port of the page', '5000')
    .option('--config_path <file>', 'configuration that says where runs are recorded')
    .option('--set <key=value...>', 'any other value of the configuration, such as tracking.uri=file:./mlruns')
    .addHelpText('after', example('npx dpo-driver mlflow --port 5001'))
    .action(async ({ port, ...options }: MlflowOptions) => {
      const { openMlflow } = await import('../mlflow.ts')
      const stop = stopOnSignals(() => err.write('\nStopping.\n'))
      try {
        const say = (line: string) => out.write(`${line}\n`)
        await openMlflow(await readConfig(options), { say, port: portOf(port), signal: stop.signal })
      } finally {
        stop.release()
      }
    })
}
