/**
 * Corrects pairs, or judges them apart for an annotator. Each correction is sent to the lab at once, one after the other, and
 * the lab stores it. This window undoes what it did itself.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers, Round } from '../../lab.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { WINDOW_ID } from '../../state/window-id.ts'
import type { Verdict, Verdicts } from './judging.ts'
import { addJudgement, type Judged, reversed, takeJudgement, type Which } from './own-judgements.ts'

export type Action = Parameters<typeof lab.pairs.edit.mutate>[0]['action']
export type Some = Parameters<typeof lab.pairs.judge.mutate>[0]['some']

/** Something that can be undone: the number of a correction, or what a judgement changed. */
export type Step = number | Judged

export interface Review {
  /** Who judges; null for the reviewer, whose judgements are corrections. */
  readonly annotator: string | null
  /** Stores what the annotator thinks of a pair. A failure is reported. */
  readonly judge: (id: number, verdict: Verdict) => Promise<void>
  /** Whether the correction was made. A failure is reported. */
  readonly correct: (id: number, action: Action) => Promise<boolean>
  /** Corrects many pairs, or judges them, as one step. Returns it and how many they were; null for a failure, which is reported. */
  readonly actOnMany: (some: Some, action: Action) => Promise<{ readonly pairs: number; readonly step: Step } | null>
  /**
   * Undoes or redoes what this window did last, or the step that is meant. Gives the first pair that it changed; null where
   * there was nothing to undo or redo.
   */
  readonly revert: (which: Which, meant?: Step) => Promise<number | null>
}

type Reviewed = Answers['pairs']['edit']

export function useReview(round: Round, annotator: string | null): Review {
  const { t } = useTranslation()
  const client = useQueryClient()
  const before = useRef<Promise<unknown>>(Promise.resolve())
  /** What the work gives, after all earlier work; null where it failed, which is reported. */
  const inOrder = async <Result>(work: () => Promise<Result>): Promise<Result | null> => {
    const asked = before.current.then(work)
    before.current = asked.catch(() => null)
    return asked.catch((error: unknown) => {
      tellError(error)
      return null
    })
  }
  const refresh = (pairs: readonly { readonly id: number }[] | 'all') =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['pairs'] }),
      ...(pairs === 'all'
        ? [client.invalidateQueries({ queryKey: ['pair'] })]
        : pairs.map(({ id }) => client.invalidateQueries({ queryKey: ['pair', id] }))),
    ])
  const ask = async (work: () => Promise<Reviewed>): Promise<Reviewed | null> => {
    const state = await inOrder(work)
    if (state !== null) await refresh(state.corrected > state.pairs.length ? 'all' : state.pairs)
    return state
  }
  const tellReverted = (
    which: Which,
    kind: NonNullable<Reviewed['undo']>,
    number: number,
    id: number | undefined,
    left: number,
  ) => {
    const key = number === 1 ? ('one' as const) : ('many' as const)
    const action = t(`pairs.action.${kind}`)
    const parts = [
      id === undefined ? [] : [t(`pairs.reverted.${which}.${key}`, { id, number, action })],
      left === 0 ? [] : [t('pairs.revertedLeft', { count: left })],
    ]
    tell(parts.flat().join(t('app.apart')))
  }
  const revertJudgement = async (name: string, which: Which, meant?: Judged): Promise<number | null> => {
    const step = takeJudgement(round, name, which, meant)
    const verdict = step?.[0]?.after
    if (step === undefined || verdict == null) return null
    const changes = which === 'undo' ? reversed(step) : step
    const made = await inOrder(() => lab.pairs.rejudge.mutate({ annotator: name, changes }))
    await client.invalidateQueries({ queryKey: ['pairs'] })
    if (made === null) return null
    tellReverted(which, verdict, made.length, made[0]?.pair, step.length - made.length)
    return made[0]?.pair ?? null
  }
  const revertCorrection = async (which: Which, edit?: number): Promise<number | null> => {
    const state = await ask(() => lab.pairs[which].mutate({ ...round, author: WINDOW_ID, ...(edit && { edit }) }))
    const kind = which === 'undo' ? state?.redo : state?.undo
    if (state == null || kind == null || state.corrected + state.left === 0) return null
    const pair = state.pairs[0]
    tellReverted(which, kind, state.corrected, pair?.id, state.left)
    return pair?.id ?? null
  }
  return {
    annotator,
    async judge(id, verdict) {
      if (annotator === null) return
      // Shown at once: the next key may come before the lab has answered.
      const key = ['pairs', 'judgements', round, annotator]
      client.setQueryData<Verdicts>(key, (before) => ({ ...before, [id]: verdict }))
      const done = await inOrder(() => lab.pairs.judge.mutate({ some: { ids: [id] }, annotator, verdict }))
      if (done === null) await client.invalidateQueries({ queryKey: key })
      else {
        addJudgement(round, annotator, done.changes)
        await client.invalidateQueries({ queryKey: ['pairs', 'agreement'] })
      }
    },
    async correct(id, action) {
      return (await ask(() => lab.pairs.edit.mutate({ ids: [id], action, author: WINDOW_ID }))) !== null
    },
    async actOnMany(some, action) {
      const done = await inOrder(async () => {
        if (annotator === null) {
          const { pairs, edit } = await lab.pairs.editMany.mutate({ some, action, author: WINDOW_ID })
          return { pairs, step: edit }
        }
        const { pairs, changes } = await lab.pairs.judge.mutate({ some, annotator, verdict: verdictOf(action) })
        addJudgement(round, annotator, changes)
        return { pairs, step: changes }
      })
      if (done !== null) await refresh('all')
      return done
    },
    async revert(which, meant) {
      if (annotator === null) return revertCorrection(which, typeof meant === 'number' ? meant : undefined)
      return revertJudgement(annotator, which, typeof meant === 'number' ? undefined : meant)
    },
  }
}

function verdictOf({ kind }: Action): Verdict {
  if (kind !== 'keep' && kind !== 'drop' && kind !== 'swap') throw new Error(`An annotator does not ${kind}.`)
  return kind
}
