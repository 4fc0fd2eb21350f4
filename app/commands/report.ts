/** `dpo-driver report`: writes the report of a run anew, in the reader's language. */
import { resolve } from 'node:path'
import { Option, type Command as Program } from 'commander'
import type { ExportFile } from '../../main/exports/files.ts'
import { writeFileAtomic } from '../../main/files/file.ts'
import type { Lab } from '../../main/lab.ts'
import { UserError } from '../../main/messages/error.ts'
import { example, type Terminal, whole } from './command.ts'
import { type ConfigOptions, otherPlaces, withLab } from './config.ts'

interface ReportOptions extends ConfigOptions {
  readonly run?: number
  readonly language: 'en' | 'zh'
}

export function addReport(cli: Program, terminal: Terminal): void {
  cli
    .command('report')
    .description('Write the report of a run, as a page or a PDF, in English or Chinese')
    .argument('<file>', 'file to write to; its name ends in .html or .pdf')
    .option('--run <n>', 'number of the run; by default the latest that was evaluated', whole('--run'))
    .addOption(new Option('--language <language>', 'language of the report').choices(['en', 'zh']).default('en'))
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', example('npx dpo-driver report report.pdf --run 3 --language zh'))
    .action((file: string, options: ReportOptions) => withLab(options, (lab) => write(lab, file, options, terminal)))
}

async function write({ config, store }: Lab, file: string, options: ReportOptions, { out }: Terminal): Promise<void> {
  const { exportFile } = await import('../../main/exports/files.ts')
  const { refuseOutputFile } = await import('../../main/pipeline/output.ts')
  const { configuredTasks } = await import('../../main/pipeline/resources.ts')
  const kind = kindOf(file)
  refuseOutputFile(config, file, await otherPlaces(config, options))
  const id = options.run ?? store.stages.done('evaluate').at(0)?.run
  if (id === undefined) throw new UserError('nothingToExport', { what: 'reports' })
  if (store.runs.find(id) === undefined) throw new UserError('noRun', { run: id })
  const { language } = options
  const tasks = configuredTasks(store.runs.get(id).config)
  const { content } = await exportFile(store, id, kind, { tasks, language })
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) throw new Error(`${kind} comes in pieces.`)
  writeFileAtomic(resolve(file), content)
  out.write(`Report of run ${id} in ${file}\n`)
}

/** Throws UserError where the name of the file says neither. */
function kindOf(file: string): ExportFile {
  if (/\.html?$/i.test(file)) return 'report.html'
  if (/\.pdf$/i.test(file)) return 'report.pdf'
  throw new UserError('reportNameWrong', { file })
}
