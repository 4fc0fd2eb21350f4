/** The report of a run as files: for people, for scripts, for spreadsheets. */
import { join } from 'node:path'
import { writeFileAtomic } from '../files/file.ts'
import type { Metric } from '../store/metrics.ts'
import { csvLine } from './csv.ts'
import { reportPage } from './page.ts'
import { type ReportData, type Summary, summarise, summaryJson } from './summary.ts'

/** The files of a report. */
export const REPORT_FILES = ['report.html', 'summary.json', 'metrics.csv'] as const

/**
 * Writes report.html (self-contained), summary.json and metrics.csv into `folder`, replacing older ones. Returns the
 * summary. Throws UserError if it cannot write.
 */
export function writeReport(folder: string, data: ReportData): Summary {
  const summary = summarise(data)
  writeFileAtomic(join(folder, 'metrics.csv'), metricsCsv(data.metrics))
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summaryJson(summary, data), null, 2)}\n`)
  writeFileAtomic(join(folder, 'report.html'), reportPage(data, summary))
  return summary
}

/** A line a value: stage, round, arm, step, name, value (empty if it is not a number). RFC 4180. */
export function metricsCsv(metrics: readonly Metric[]): string {
  const lines = metrics.map(({ stage, round, arm, step, name, value }) => [stage, round, arm, step, name, value])
  return [['stage', 'round', 'arm', 'step', 'name', 'value'], ...lines].map(csvLine).join('')
}
