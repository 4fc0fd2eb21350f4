/** The marked runs side by side: results with intervals, the settings that differ, curves with one colour a run. */
import { Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { memo, useDeferredValue, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers, RunBrief } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { armName, armsOf } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { Panel } from '../../parts/page.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { runColour, runName } from '../../parts/run-colour.ts'
import { Head } from '../../parts/table/head.tsx'
import { Failure } from '../../shell/failure.tsx'
import { ComparedCurves } from './compared-curves.tsx'
import { written } from './run-columns.tsx'
import classes from './runs.module.css'

/** As many runs as the lab compares at once. */
const MOST = 200

interface Props {
  readonly runs: readonly RunBrief[]
  readonly marked: readonly number[]
}

export const Compared = memo(function Compared({ runs, marked }: Props) {
  const { t } = useTranslation()
  // The older runs come first, so that changes read from left to right.
  const ids = useMemo(() => [...marked].sort((a, b) => a - b).slice(0, MOST), [marked])
  const { data: answer, error } = useQuery({
    queryKey: ['runs', 'compare', ids],
    queryFn: async () => ({ ids, ...(await lab.runs.compare.query({ runs: ids })) }),
    placeholderData: keepPreviousData,
  })
  // What arrives from the lab would else be drawn in one go.
  const data = useDeferredValue(answer)
  const shown = useMemo(() => ids.flatMap((id) => runs.find((run) => run.id === id) ?? []), [ids, runs])
  const isCurrent = data?.ids.join() === ids.join()
  return (
    <Panel
      title={t('runs.sideBySide', { count: marked.length })}
      note={marked.length > MOST ? t('runs.firstOnly', { count: MOST }) : undefined}
    >
      <div className={classes.comparison}>
        <ComparedResults runs={shown} />
        {error !== null && <Failure error={error} />}
        {data !== undefined && isCurrent && <ComparedSettings runs={shown} settings={data.settings} />}
        {data !== undefined && <ComparedCurves runs={shown} trainings={data.trainings} />}
      </div>
    </Panel>
  )
})

/** The name of a run, with its colour in the curves. */
function RunHead({ run, scope }: { readonly run: RunBrief; readonly scope: 'row' | 'col' }) {
  return (
    <th scope={scope}>
      <i className={classes.swatch} style={{ background: runColour(run.id) }} />
      <a href={hrefOf('runs', { run: run.id })}>{runName(run)}</a>
    </th>
  )
}

function ComparedResults({ runs }: { readonly runs: readonly RunBrief[] }) {
  const { t } = useTranslation()
  const arms = armsOf(runs)
  return (
    <section aria-label={t('runs.compare.success')}>
      <h3>{t('runs.comparedResults')}</h3>
      {arms.length === 0 ? (
        <Text c="dimmed">{t('runs.noneEvaluated')}</Text>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div className={classes.scroll} tabIndex={0}>
          <table className={classes.compared}>
            <Head
              columns={[
                { label: t('runs.run') },
                { label: t('runs.seed'), number: true },
                ...arms.map((arm) => ({ label: armName(t, arm) })),
                { label: t('results.played'), number: true },
              ]}
            />
            <tbody>
              {runs.map((run) => (
                <tr key={run.id}>
                  <RunHead run={run} scope="row" />
                  <td className="number">{run.seed}</td>
                  {arms.map((arm) => (
                    <td key={arm}>
                      <RateCell rate={run.rates?.[arm]} colour={armColour(arm)} />
                    </td>
                  ))}
                  <td className="number">{Object.values(run.rates ?? {})[0]?.n ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

interface SettingsProps {
  readonly runs: readonly RunBrief[]
  readonly settings: Answers['runs']['compare']['settings']
}

function ComparedSettings({ runs, settings }: SettingsProps) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('runs.differencesNote')}>
      <h3>{t('runs.differencesNote')}</h3>
      {settings.length === 0 ? (
        <Text c="dimmed">{t('runs.same')}</Text>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div className={classes.scroll} tabIndex={0}>
          <table className={classes.compared}>
            <thead>
              <tr>
                <th scope="col">{t('runs.setting')}</th>
                {runs.map((run) => (
                  <RunHead key={run.id} run={run} scope="col" />
                ))}
              </tr>
            </thead>
            <tbody>
              {settings.map(({ key, values }) => (
                <tr key={key}>
                  <th scope="row" className="mono">
                    {key}
                  </th>
                  {runs.map((run, at) => (
                    <td key={run.id} className={`mono ${classes.value}`}>
                      {written(values[at])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
