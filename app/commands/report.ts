/** `dpo-driver report`: writes the report of a run or a study anew, in the reader's language. */
import { resolve } from 'node:path'
import { Option, type Command as Program } from 'commander'
import { writeFileAtomic } from '../../main/files/file.ts'
import type { Lab } from '../../main/lab.ts'
import { UserError } from '../../main/messages/error.ts'
import { example, type Terminal, whole } from './command.ts'
import { type ConfigOptions, otherPlaces, withLab } from './config.ts'

interface ReportOptions extends ConfigOptions {
  readonly run?: number
  readonly study?: number
  /** A BCP 47 tag. */
  readonly language: string
}

export function addReport(cli: Program, terminal: Terminal): void {
  cli
    .command('report')
    .description('Write the report of a run or a study, as a page or a PDF, in English or Chinese')
    .argument('<file>', 'file to write to; its name ends in .html or .pdf')
    .option('--run <n>', 'number of the run; by default the latest that was evaluated', whole('--run'))
    .addOption(
      new Option('--study <n>', 'number of a study, in place of a run').argParser(whole('--study')).conflicts('run'),
    )
    .addOption(
      new Option('--language <language>', 'language of the report').choices(['en', 'zh', 'zh-CN']).default('en'),
    )
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', example('npx dpo-driver report report.pdf --run 3 --language zh'))
    .action((file: string, options: ReportOptions) => withLab(options, (lab) => write(lab, file, options, terminal)))
}

async function write(lab: Lab, file: string, options: ReportOptions, { out }: Terminal): Promise<void> {
  const { refuseOutputFile } = await import('../../main/pipeline/output.ts')
  const kind = kindOf(file)
  refuseOutputFile(lab.config, file, await otherPlaces(lab.config, options))
  const { of, content } = await (options.study === undefined
    ? reportOfRun(lab, kind, options)
    : reportOfStudy(lab, kind, options.study, options))
  writeFileAtomic(resolve(file), content)
  out.write(`Report of ${of} in ${file}\n`)
}

type Kind = 'html' | 'pdf'

/** Throws UserError where the name of the file says neither. */
function kindOf(file: string): Kind {
  if (/\.html?$/i.test(file)) return 'html'
  if (/\.pdf$/i.test(file)) return 'pdf'
  throw new UserError('reportNameWrong', { file })
}

interface Report {
  /** "run 3". */
  readonly of: string
  readonly content: string | Uint8Array
}

async function reportOfRun({ store }: Lab, kind: Kind, { run, language }: ReportOptions): Promise<Report> {
  const { exportFile } = await import('../../main/exports/files.ts')
  const { configuredTasks } = await import('../../main/pipeline/resources.ts')
  const id = run ?? store.stages.done('evaluate').at(0)?.run
  if (id === undefined) throw new UserError('nothingToExport', { what: 'reports' })
  if (store.runs.find(id) === undefined) throw new UserError('noRun', { run: id })
  const tasks = configuredTasks(store.runs.get(id).config)
  const { content } = await exportFile(store, id, `report.${kind}`, { tasks, language })
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) throw new Error('The report comes in pieces.')
  return { of: `run ${id}`, content }
}

async function reportOfStudy({ store }: Lab, kind: Kind, study: number, { language }: ReportOptions): Promise<Report> {
  const { exportStudy } = await import('../../main/study/result.ts')
  return { of: `study ${study}`, content: await exportStudy(store, study, `study.${kind}`, language) }
}
