/** The columns of the list of problems. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../main/messages/message.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { armName } from '../../parts/arm.ts'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'

/** A problem that two policies played, with the two episodes. */
export type Problem = Answers['results']['outcomes']['rows'][number]

export function useProblemColumns(arm: string, other: string): readonly Column<Problem>[] {
  const { t } = useTranslation()
  const say = useSay()
  return useMemo(() => {
    const solved = (isSolved: boolean, why: Message) => (
      <span title={say(why)}>
        <OutcomeMark outcome={isSolved ? 'success' : 'failure'} />
      </span>
    )
    return [
      { id: 'task', label: t('episodes.task'), width: 'minmax(110px, 1fr)', sortable: true, cell: ({ task }) => task },
      { id: 'seed', label: t('episodes.seed'), width: '76px', number: true, sortable: true, cell: ({ seed }) => seed },
      {
        id: 'a',
        label: armName(t, arm),
        width: 'minmax(90px, 1fr)',
        sortable: true,
        cell: ({ kind, whyA }) => solved(kind === 'won' || kind === 'both', whyA),
      },
      {
        id: 'b',
        label: armName(t, other),
        width: 'minmax(90px, 1fr)',
        sortable: true,
        cell: ({ kind, whyB }) => solved(kind === 'lost' || kind === 'both', whyB),
      },
    ]
  }, [t, say, arm, other])
}
