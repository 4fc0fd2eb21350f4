/** The filters above the table of pairs: words, a task, a state. */
import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Round } from '../../lab.ts'
import { usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { SearchField } from '../../parts/search-field.tsx'
import { stateIn, statesFor } from './filter.ts'
import { taskName } from './task-name.ts'

interface Props {
  readonly round: Round
  readonly search: string
  readonly onSearch: (text: string) => void
  /** Called when any filter changes. */
  readonly onChange: () => void
}

export function PairFilters({ round, search, onSearch, onChange }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const tasks = useQuery({ queryKey: ['pairs', 'tasks', round], queryFn: () => lab.pairs.tasks.query(round) })
  useKnownChoice('task', tasks.isFetching ? undefined : tasks.data?.map(({ task }) => task))
  useKnownChoice('state', statesFor(query))
  return (
    <>
      <SearchField
        label={t('pairs.search')}
        width={150}
        value={search}
        onChange={(value) => {
          onSearch(value)
          onChange()
        }}
      />
      <NativeSelect
        size="xs"
        aria-label={t('pairs.task')}
        value={query.task ?? ''}
        data={[
          { value: '', label: t('pairs.allTasks') },
          ...(tasks.data ?? []).map(({ task, count }) => ({ value: task, label: `${taskName(t, task)} (${count})` })),
        ]}
        onChange={(event) => {
          visit({ task: event.currentTarget.value })
          onChange()
        }}
      />
      <NativeSelect
        size="xs"
        aria-label={t('pairs.state')}
        value={stateIn(query) ?? ''}
        data={[
          { value: '', label: t('pairs.allStates') },
          ...statesFor(query).map((state) => ({ value: state, label: t(`pairs.states.${state}`) })),
        ]}
        onChange={(event) => {
          visit({ state: event.currentTarget.value })
          onChange()
        }}
      />
    </>
  )
}
