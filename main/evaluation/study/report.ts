/** The report of a study as files: for people, for scripts, for spreadsheets, for notes. */
import { join } from 'node:path'
import { writeFileAtomic } from '../../files/file.ts'
import { studyCsv } from './csv.ts'
import { studyMarkdown } from './markdown.ts'
import { type StudyMetrics, studyPage } from './page.ts'
import { type StudyData, type StudySummary, summariseStudy } from './summary.ts'

/** The files of a study's report. */
export const STUDY_FILES = ['study.html', 'study.json', 'study.csv', 'study.md'] as const

/**
 * Writes the report into `folder`, in place of an earlier one: study.html (self-contained), study.json (the summary), study.csv
 * (a line an episode), study.md. Returns the summary. Throws UserError if it cannot write.
 */
export function writeStudyReport(
  folder: string,
  data: StudyData,
  metrics: readonly StudyMetrics[],
  plan: unknown,
): StudySummary {
  const summary = summariseStudy(data)
  const texts: Readonly<Record<(typeof STUDY_FILES)[number], string>> = {
    'study.html': studyPage(summary, metrics, plan),
    'study.json': `${JSON.stringify(summary, null, 2)}\n`,
    'study.csv': studyCsv(data),
    'study.md': studyMarkdown(summary),
  }
  for (const name of STUDY_FILES) writeFileAtomic(join(folder, name), texts[name])
  return summary
}
