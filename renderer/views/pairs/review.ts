/** Correcting pairs: each correction goes to the lab at once, and the lab keeps it. */
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { tell, tellError } from '../../shell/notices.tsx'

export type Action = Parameters<typeof lab.pairs.edit.mutate>[0]['action']

export interface Round {
  readonly run: number
  readonly round: number
}

export interface Review {
  readonly correct: (id: number, action: Action) => Promise<void>
  readonly undo: () => Promise<void>
  readonly redo: () => Promise<void>
}

export function useReview(round: Round): Review {
  const { t } = useTranslation()
  const client = useQueryClient()
  const done = async (work: Promise<{ readonly pairs: readonly { readonly id: number }[] }>) => {
    try {
      const { pairs } = await work
      await Promise.all([
        client.invalidateQueries({ queryKey: ['pairs'] }),
        ...pairs.map(({ id }) => client.invalidateQueries({ queryKey: ['pair', id] })),
      ])
      return pairs.length
    } catch (error) {
      tellError(error)
      return 0
    }
  }
  const undo = async () => {
    const count = await done(lab.pairs.undo.mutate(round))
    if (count > 0) tell(t('pairs.undone', { count }))
  }
  return {
    async correct(id, action) {
      await done(lab.pairs.edit.mutate({ ids: [id], action }))
    },
    undo,
    async redo() {
      const count = await done(lab.pairs.redo.mutate(round))
      if (count > 0) tell(t('pairs.redone', { count }))
    },
  }
}
