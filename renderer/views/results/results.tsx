/**
 * The results of a run: did it learn anything, and was that due to DPO? Tables with intervals, paired outcomes, causes
 * of failure.
 */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Scale } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Results } from '../../lab.ts'
import { goTo, usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { useNamedRun } from '../../parts/named-run.ts'
import { Page, Panel } from '../../parts/page.tsx'
import { Policies } from '../../parts/policies.tsx'
import { RunSelect } from '../../parts/run-select.tsx'
import { Failure } from '../../shell/failure.tsx'
import { RunExports } from './exports.tsx'
import { Failures } from './failures.tsx'
import { Matrix } from './matrix.tsx'
import { PairedBars } from './paired.tsx'
import { KINDS } from './problem-filter.ts'
import { NO_PROBLEM, Problems } from './problems.tsx'
import { TaskTable } from './task-table.tsx'
import { Verdict } from './verdict.tsx'

export default function ResultsView() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useQuery({ queryKey: ['results', 'runs'], queryFn: () => lab.results.runs.query() })
  useNamedRun(runs, (one) => one.run)
  const run = runs.data?.find((one) => String(one.run) === query.run)?.run ?? runs.data?.[0]?.run
  const results = useQuery({
    queryKey: ['results', 'get', run],
    queryFn: () => lab.results.get.query({ run: run! }),
    enabled: run !== undefined,
  })
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined) return <Loading />
  if (run === undefined) {
    return (
      <Page title={t('views.results')}>
        <Empty icon={Scale} title={t('results.none')} text={t('results.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
      </Page>
    )
  }
  return (
    <Page
      title={t('views.results')}
      about={
        <RunSelect
          runs={runs.data.map((one) => ({ id: one.run, command: one.command, started: one.started }))}
          run={run}
          onChange={(id) => visit({ ...NO_PROBLEM, run: id, task: undefined, kind: undefined, against: undefined })}
        />
      }
      actions={results.error === null && <RunExports run={run} />}
    >
      {results.error !== null && <Failure error={results.error} retry={() => void results.refetch()} />}
      {results.error === null && results.data === undefined && <Loading />}
      {results.error === null && results.data !== undefined && <ResultSections results={results.data} run={run} />}
    </Page>
  )
}

function ResultSections({ results, run }: { readonly results: Results; readonly run: number }) {
  const { t } = useTranslation()
  useKnownChoice('kind', KINDS)
  useKnownChoice('against', Object.keys(results.against))
  useKnownChoice(
    'task',
    results.table.tasks.map(({ name }) => name),
  )
  return (
    <>
      <Verdict results={results} run={run} />
      <Panel title={t('results.policies')} note={t('results.policiesNote')}>
        <Policies arms={results.arms} />
      </Panel>
      <Panel title={t('results.paired')} note={t('results.pairedNote')}>
        <PairedBars results={results} />
      </Panel>
      <Problems key={run} run={run} against={results.against} />
      <Panel title={t('results.tasks')} note={t('results.tasksNote')} flush>
        <TaskTable results={results} />
      </Panel>
      <Matrix run={run} tasks={results.table.tasks.map(({ name }) => name)} />
      <Panel title={t('results.failures')} note={t('results.failuresNote')}>
        <Failures results={results} run={run} />
      </Panel>
    </>
  )
}
