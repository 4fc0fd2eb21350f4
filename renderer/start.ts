/** Starts and resumes runs, from any part of the window. */
import i18next from 'i18next'
import type { Command } from '../main/commands.ts'
import { lab } from './api.ts'
import type { Round } from './lab.ts'
import { goTo } from './location.ts'
import { duration } from './parts/figures.ts'
import { changes, conflicts, savedBefore, wrongWith } from './parts/form/draft.ts'
import { discardDraft, useDraft } from './parts/form/draft-store.ts'
import { queries } from './queries.ts'
import { tell, tellError } from './shell/notices.tsx'
import { ask } from './shell/question.tsx'
import { editedPair } from './state/pair-drafts.ts'

/**
 * Starts a command and goes to the pipeline view. Returns false where it did not start: the lab refused, which is
 * reported, or the reader cancelled.
 */
export async function start(command: Command, overrides: Record<string, unknown> = {}): Promise<boolean> {
  return (await settingsSettled()) && follow(lab.job.start.mutate({ command, overrides }))
}

/** Trains DPO again on the corrected pairs of a round; returns as `start` does. Asks first, and says what it takes. */
export async function trainAgain(round: Round): Promise<boolean> {
  return (
    notEditing(round) &&
    (await settingsSettled()) &&
    (await retrainingWanted(round)) &&
    follow(lab.job.start.mutate({ command: 'retrain', collection: round }))
  )
}

/** Resumes a run. */
export function resume(run: number): Promise<boolean> {
  return follow(lab.job.resume.mutate({ run }))
}

/** Starts a new run with the settings of an earlier one. */
export function again(run: number): Promise<boolean> {
  return follow(lab.job.again.mutate({ run }))
}

/** Whether no pair of the round is being edited; otherwise the reader is told. */
function notEditing(round: Round): boolean {
  const edited = editedPair(round)
  if (edited !== null) tell(i18next.t('pairs.stillEditing', { id: edited }))
  return edited === null
}

/** Says what training again does and takes, and asks whether to begin. */
async function retrainingWanted(round: Round): Promise<boolean> {
  try {
    const [{ count }, plan] = await Promise.all([lab.pairs.review.query(round), lab.job.retraining.query(round)])
    const { seconds, source } = plan.forecast
    const answer = await ask({
      title: (t) => t('pairs.train'),
      text: (t) =>
        [
          ...(count.reviewed === 0 ? [t('pairs.nothingCorrected')] : []),
          t('pairs.trainPlan', {
            count: plan.trained,
            steps: t('counted.steps', { count: plan.steps }),
            pairs: t('counted.pairs', { count: plan.pairs }),
          }),
          t('pairs.trainThen', { problems: t('counted.problems', { count: plan.problems }) }),
          seconds === null
            ? t('pairs.trainTimeUnknown')
            : t('pairs.trainTime', { time: duration(seconds), run: source }),
          ...(plan.few ? [t('pairs.trainFew')] : []),
        ].join(t('app.apart')),
      offers: [
        {
          answer: 'train',
          label: (t) => t(count.reviewed === 0 ? 'pairs.trainAnyway' : 'pairs.train'),
          loses: count.reviewed === 0,
        },
      ],
    })
    return answer === 'train'
  } catch (error) {
    tellError(error)
    return false
  }
}

/** Asks what to do with unsaved settings. Returns false where the run is not to start. */
async function settingsSettled(): Promise<boolean> {
  const { draft, saved } = useDraft.getState()
  if (Object.keys(draft).length === 0) return true
  try {
    const [{ fields }, tasks] = await Promise.all([lab.config.form.query(), lab.tasks.list.query().catch(() => [])])
    const names = tasks.map(({ name }) => name)
    const values = changes(fields, draft)
    const count = Object.keys(values).length
    if (count === 0) return true
    const whole =
      conflicts(fields, draft, saved).length === 0 &&
      fields.every((field) => !(field.key in values) || wrongWith(field, draft[field.key], names) === null)
    const answer = await ask({
      title: (t) => t('unsaved.title', { count }),
      text: (t) => t(whole ? 'unsaved.text' : 'unsaved.wrong'),
      offers: [
        { answer: 'save', label: (t) => t('unsaved.save'), disabled: !whole },
        { answer: 'without', label: (t) => t('unsaved.without') },
      ],
    })
    if (answer !== 'save') return answer === 'without'
    await lab.config.set.mutate({ values, before: savedBefore(Object.keys(values), saved) })
    discardDraft(Object.keys(draft))
    await queries.invalidateQueries()
    return true
  } catch (error) {
    tellError(error)
    return false
  }
}

async function follow(started: Promise<{ readonly current: { readonly run: number } | null }>): Promise<boolean> {
  try {
    const { current } = await started
    goTo('pipeline', { run: current?.run })
    return true
  } catch (error) {
    tellError(error)
    return false
  }
}
