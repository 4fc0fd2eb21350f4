/** The result of a study from the store, and its report. */
import { reportPdf } from '../evaluation/pdf.ts'
import type { StudyMetrics } from '../evaluation/study/page.ts'
import { STUDY_FILES, type StudyFile, studyFile, writeStudyReport } from '../evaluation/study/report.ts'
import type { StudyData, StudyRun, StudySummary } from '../evaluation/study/summary.ts'
import { wordsFor } from '../evaluation/words.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { evaluateResult } from '../pipeline/results.ts'
import type { Store } from '../store/store.ts'
import type { Member, StudyRecord } from '../store/studies.ts'
import { readValue } from '../store/values.ts'
import { planSchema } from './plan.ts'
import { studyFolder } from './studies.ts'

/** The study with this number. Throws UserError where there is none. */
export function studyOf(store: Store, id: number): StudyRecord {
  const study = store.studies.find(id)
  if (study === undefined) throw new UserError('studyGone', { study: id })
  return study
}

/** What is evaluated of a study. Throws UserError where there is no such study. */
export function studyData(store: Store, id: number): StudyData {
  const { name, created } = studyOf(store, id)
  const members = store.studies.members(id)
  const plan = store.studies.plan(id, planSchema)
  const names = [...new Set([...Object.keys(plan.variants), ...members.map(({ variant }) => variant)])]
  return {
    study: { id, name, created },
    variants: names.map((variant) => ({ name: variant, settings: plan.variants[variant] ?? {} })),
    runs: members.flatMap((member) => studyRun(store, member)).sort((a, b) => a.seed - b.seed),
    planned: members.filter(({ cancelled, status }) => !cancelled || status === 'done').length,
  }
}

function studyRun(store: Store, { variant, seed, run, status }: Member): StudyRun[] {
  if (run === null || status !== 'done') return []
  const evaluated = store.stages.of(run).findLast((stage) => stage.stage === 'evaluate' && stage.status === 'done')
  if (evaluated === undefined) return []
  const { arms, adapters } = readValue(evaluateResult, 'stages.result', evaluated.result)
  const episodesOf = (arm: string) => store.episodes.outcomes({ run, stage: 'evaluate', round: evaluated.round, arm })
  return [
    { variant, seed, run, adapters, arms: Object.keys(arms).map((arm) => ({ name: arm, episodes: episodesOf(arm) })) },
  ]
}

/** Writes the report of a study into its folder. Throws UserError where nothing is evaluated yet, or it cannot write. */
export function reportStudy(store: Store, id: number): { readonly folder: string; readonly summary: StudySummary } {
  const data = finishedData(store, id)
  const folder = reportFolder(store, data.study)
  return { folder, summary: writeStudyReport(folder, data, metricsOf(store, data), store.studies.plan(id, planSchema)) }
}

/** One file of the report, without writing it; the page is in the language of the locale. Throws as `reportStudy`. */
export async function fileOfStudy(store: Store, id: number, name: StudyFile, language = 'en'): Promise<string> {
  const data = finishedData(store, id)
  const plan = store.studies.plan(id, planSchema)
  return studyFile(name, data, metricsOf(store, data), plan, await wordsFor(language))
}

/** What can be had of a study: the files of its report, and the page as PDF. */
export const STUDY_EXPORTS = [...STUDY_FILES, 'study.pdf'] as const
export type StudyExport = (typeof STUDY_EXPORTS)[number]

/** One of them, without writing it. Throws as `fileOfStudy` and `reportPdf`. */
export async function exportStudy(
  store: Store,
  id: number,
  name: StudyExport,
  language: string,
): Promise<string | Uint8Array> {
  if (name !== 'study.pdf') return fileOfStudy(store, id, name, language)
  return reportPdf(await fileOfStudy(store, id, 'study.html', language))
}

function finishedData(store: Store, id: number): StudyData {
  const data = studyData(store, id)
  if (data.runs.length === 0) throw new UserError('studyNothingDone', { study: id })
  return data
}

/** The metrics of DPO of every training. */
export function metricsOf(store: Store, { runs }: Pick<StudyData, 'runs'>): StudyMetrics[] {
  return runs.map(({ variant, seed, run }) => {
    const metrics = store.metrics.of(run).filter(({ stage, arm }) => stage === 'dpo' && arm === 'dpo')
    return { variant, seed, metrics }
  })
}

/** The folder of a study's report. */
export function reportFolder(store: Store, study: Pick<StudyRecord, 'id' | 'name'>): string {
  const [member] = store.studies.members(study.id)
  const reports = member === undefined ? 'reports' : store.studies.config(member).paths.reports
  return projectPath(studyFolder(reports, study))
}
