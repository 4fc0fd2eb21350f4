/** The report of a study as files: for people, for scripts, for spreadsheets, for notes. */
import { join } from 'node:path'
import { writeFileAtomic } from '../../files/file.ts'
import { englishWords, type Words } from '../words.ts'
import { studyCsv } from './csv.ts'
import { studyMarkdown } from './markdown.ts'
import { type StudyMetrics, studyPage } from './page.ts'
import { type StudyData, type StudySummary, summariseStudy } from './summary.ts'

/** The files of a study's report. */
export const STUDY_FILES = ['study.html', 'study.json', 'study.csv', 'study.md'] as const

export type StudyFile = (typeof STUDY_FILES)[number]

/** One file of the report; the page in the language of `words`. Throws where no training is evaluated. */
export function studyFile(
  name: StudyFile,
  data: StudyData,
  metrics: readonly StudyMetrics[],
  plan: unknown,
  words: Words = englishWords,
): string {
  return name === 'study.csv' ? studyCsv(data) : textOf(name, summariseStudy(data), metrics, plan, words)
}

function textOf(
  name: Exclude<StudyFile, 'study.csv'>,
  summary: StudySummary,
  metrics: readonly StudyMetrics[],
  plan: unknown,
  words: Words,
): string {
  switch (name) {
    case 'study.html':
      return studyPage(summary, metrics, plan, words)
    case 'study.json':
      return `${JSON.stringify(summary, null, 2)}\n`
    case 'study.md':
      return studyMarkdown(summary)
  }
}

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
  for (const name of STUDY_FILES) {
    writeFileAtomic(
      join(folder, name),
      name === 'study.csv' ? studyCsv(data) : textOf(name, summary, metrics, plan, englishWords),
    )
  }
  return summary
}
