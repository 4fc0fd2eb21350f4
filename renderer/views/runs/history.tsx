/** All runs with their outcomes: found, sorted, named, tagged, deleted, and set side by side. */
import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FolderTree } from 'lucide-react'
import { useDeferredValue, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { type RunBrief, useRuns } from '../../lab.ts'
import { goTo, usePlace } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { ordered, orderIn } from '../../parts/table/order.ts'
import { Failure } from '../../shell/failure.tsx'
import { useSettings } from '../../state/settings.ts'
import { Compared } from './compared.tsx'
import { Deleted } from './deleted.tsx'
import { filtered, marksIn } from './filter.ts'
import { RunBulk } from './run-bulk.tsx'
import { type SettingValues, settingsIn, useRunColumns } from './run-columns.tsx'
import { RunPanel } from './run-panel.tsx'
import { RunTable } from './run-table.tsx'
import { RunTools } from './run-tools.tsx'

export function RunHistory() {
  const { t } = useTranslation()
  const runs = useRuns()
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined) return <Loading />
  if (runs.data.length === 0) {
    return (
      <>
        <Empty icon={FolderTree} title={t('runs.none')} text={t('runs.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
        <Deleted />
      </>
    )
  }
  return <Runs runs={runs.data} />
}

function Runs({ runs }: { readonly runs: readonly RunBrief[] }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const kept = useSettings((settings) => settings.runColumns)
  const ids = useMemo(() => query.columns?.split(',').filter(Boolean) ?? kept, [query.columns, kept])
  const columns = useRunColumns(ids, useSettingValues(ids))
  // The latest run first.
  const order = useMemo(() => orderIn(query.sort ?? '-id'), [query.sort])
  const found = useMemo(() => filtered(runs, query), [runs, query])
  const shown = useMemo(() => {
    const column = columns.find(({ id }) => id === order.by)
    return ordered(found, column?.value ?? (({ id }) => id), order.descending)
  }, [found, columns, order])
  const marked = useMemo(() => marksIn(query, runs), [query, runs])
  const open = runs.find(({ id }) => String(id) === query.run) ?? runs.find(({ id }) => id === marked[0])
  // What is below the table takes longer to draw: it follows in the background.
  const [set, one] = [useDeferredValue(marked), useDeferredValue(open)]
  return (
    <>
      <Panel flush title={t('runs.history')}>
        <RunTools runs={runs} found={found.length} columns={ids} />
        <RunBulk runs={runs} shown={shown} marked={marked} />
        <RunTable runs={shown} columns={columns} order={order} marked={marked} open={open?.id} />
      </Panel>
      {set.length > 1 && <Compared runs={runs} marked={set} />}
      {set.length < 2 && one !== undefined && <RunPanel key={one.id} run={one} />}
      <Deleted />
    </>
  )
}

/** The values of the settings that are columns. */
function useSettingValues(columns: readonly string[]): SettingValues {
  const keys = useMemo(() => settingsIn(columns), [columns])
  const { data } = useQuery({
    queryKey: ['runs', 'values', keys],
    queryFn: async () => ({ keys, values: await lab.runs.values.query({ keys }) }),
    enabled: keys.length > 0,
    placeholderData: keepPreviousData,
  })
  return data ?? NO_VALUES
}

const NO_VALUES: SettingValues = { keys: [], values: {} }
