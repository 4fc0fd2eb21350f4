/** Corrects pairs. Each correction is sent to the lab at once, one after the other, and the lab stores it. */
import { useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers, Round } from '../../lab.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import type { Verdict, Verdicts } from './judging.ts'

export type Action = Parameters<typeof lab.pairs.edit.mutate>[0]['action']

export interface Review {
  /** Who judges; null for the reviewer, whose judgements are corrections. */
  readonly annotator: string | null
  /** Stores what the annotator thinks of a pair. A failure is reported. */
  readonly judge: (id: number, verdict: Verdict) => Promise<void>
  /** Whether the correction was made. A failure is reported. */
  readonly correct: (id: number, action: Action) => Promise<boolean>
  /**
   * Undoes or redoes the latest correction. Gives the first corrected pair; null where there was nothing to undo or
   * redo.
   */
  readonly revert: (which: 'undo' | 'redo') => Promise<number | null>
}

type Reviewed = Answers['pairs']['edit']

export function useReview(round: Round, annotator: string | null): Review {
  const { t } = useTranslation()
  const client = useQueryClient()
  const before = useRef<Promise<unknown>>(Promise.resolve())
  const ask = async (work: () => Promise<Reviewed>): Promise<Reviewed | null> => {
    const asked = before.current.then(work)
    before.current = asked.catch(() => null)
    try {
      const state = await asked
      await Promise.all([
        client.invalidateQueries({ queryKey: ['pairs'] }),
        ...(state.corrected > state.pairs.length
          ? [client.invalidateQueries({ queryKey: ['pair'] })]
          : state.pairs.map(({ id }) => client.invalidateQueries({ queryKey: ['pair', id] }))),
      ])
      return state
    } catch (error) {
      tellError(error)
      return null
    }
  }
  return {
    annotator,
    async judge(id, verdict) {
      if (annotator === null) return
      // Shown at once: the next key may come before the lab has answered.
      const key = ['pairs', 'judgements', round, annotator]
      client.setQueryData<Verdicts>(key, (before) => ({ ...before, [id]: verdict }))
      try {
        await lab.pairs.judge.mutate({ some: { ids: [id] }, annotator, verdict })
        await client.invalidateQueries({ queryKey: ['pairs', 'agreement'] })
      } catch (error) {
        tellError(error)
        await client.invalidateQueries({ queryKey: key })
      }
    },
    async correct(id, action) {
      return (await ask(() => lab.pairs.edit.mutate({ ids: [id], action }))) !== null
    },
    async revert(which) {
      const state = await ask(() => lab.pairs[which].mutate(round))
      const kind = which === 'undo' ? state?.redo : state?.undo
      const pair = state?.pairs[0]
      if (state == null || pair === undefined || kind == null) return null
      const action = t(`pairs.action.${kind}`)
      const key = state.corrected === 1 ? ('one' as const) : ('many' as const)
      tell(t(`pairs.reverted.${which}.${key}`, { id: pair.id, number: state.corrected, action }))
      return pair.id
    },
  }
}
