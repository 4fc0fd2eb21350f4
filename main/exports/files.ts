/** Exports the results of a run as files, for people and for other programs. */
import type { Task } from '../environment/tasks.ts'
import { markdownTable } from '../evaluation/markdown.ts'
import { reportPage } from '../evaluation/page.ts'
import { reportPdf } from '../evaluation/pdf.ts'
import { metricsCsv } from '../evaluation/report.ts'
import { summarise, summaryJson } from '../evaluation/summary.ts'
import { wordsFor } from '../evaluation/words.ts'
import { evaluationOf, outlineOf, resultsOf } from '../pipeline/results.ts'
import type { Store } from '../store/store.ts'
import type { ExportKind } from './kinds.ts'
import { exportPieces } from './lines.ts'

export interface ExportedFile {
  /** The media type of the content. */
  readonly type: string
  /** The whole of it, or pieces of a large one. */
  readonly content: string | Uint8Array | AsyncIterable<string>
}

export interface ExportChoice {
  /** The tasks, which the report groups by category. */
  readonly tasks: readonly Task[]
  /** The round of the pairs; by default the last one. */
  readonly round?: number
  /** The report's language, as a BCP 47 tag; by default English. */
  readonly language?: string
}

type Make = (store: Store, run: number, choice: ExportChoice) => ExportedFile | Promise<ExportedFile>

const FILES = {
  'report.html': async (store, run, choice) => ({
    type: 'text/html; charset=utf-8',
    content: await page(store, run, choice),
  }),
  'report.pdf': async (store, run, choice) => ({
    type: 'application/pdf',
    content: await reportPdf(await page(store, run, choice)),
  }),
  'summary.json': (store, run, { tasks }) => {
    const evaluated = evaluationOf(store, run, tasks)
    const data = { ...outlineOf(store, run), facts: evaluated.facts }
    const json = JSON.stringify(summaryJson(summarise(evaluated), data), null, 2)
    return { type: 'application/json', content: `${json}\n` }
  },
  'summary.md': (store, run, { tasks }) => ({
    type: 'text/markdown; charset=utf-8',
    content: markdownTable(summarise(evaluationOf(store, run, tasks))),
  }),
  'metrics.csv': (store, run) => ({ type: 'text/csv; charset=utf-8', content: metricsCsv(store.metrics.of(run)) }),
  'preferences.jsonl': (store, run, { round }) => jsonLines(store, run, 'preferences', round),
  'kto.jsonl': (store, run, { round }) => jsonLines(store, run, 'kto', round),
  'episodes.jsonl': (store, run) => jsonLines(store, run, 'episodes'),
} satisfies Record<string, Make>
export type ExportFile = keyof typeof FILES

export function isExportFile(name: string): name is ExportFile {
  return Object.hasOwn(FILES, name)
}

/** The content of an exported file. Throws UserError where the run has no data for it. */
export async function exportFile(
  store: Store,
  run: number,
  file: ExportFile,
  choice: ExportChoice,
): Promise<ExportedFile> {
  const make: Make = FILES[file]
  return make(store, run, choice)
}

async function page(store: Store, run: number, { tasks, language = 'en' }: ExportChoice): Promise<string> {
  const data = resultsOf(store, run, tasks)
  return reportPage(data, summarise(data), await wordsFor(language))
}

function jsonLines(store: Store, run: number, kind: Exclude<ExportKind, 'metrics'>, round?: number): ExportedFile {
  return { type: 'application/x-ndjson', content: exportPieces(store, run, kind, round) }
}
