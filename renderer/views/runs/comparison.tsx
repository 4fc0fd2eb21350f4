/** Two adapters side by side: what each can do, in what they differ, and how far each moves the model. */
import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Play, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { choose, goTo, hrefOf } from '../../location.ts'
import { type Adapter, adapterName } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { percent, points, pValue } from '../../parts/figures.ts'
import { HiddenHead } from '../../parts/hidden-head.tsx'
import { IntervalBar } from '../../parts/interval.tsx'
import { Loading } from '../../parts/loading.tsx'
import { OutcomeLegend, OutcomeSplit } from '../../parts/outcome-split.tsx'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { ChangeChart } from './change-chart.tsx'
import classes from './runs.module.css'

type Compared = Answers['adapters']['compare']

/** Its id, for what opens it. */
export const COMPARISON = 'comparison'
/** Below this, a difference is called one. */
const LEVEL = 0.05

export function Comparison({ a, b }: { readonly a: Adapter; readonly b: Adapter }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: ['adapters', 'compare', a.path, b.path],
    queryFn: () => lab.adapters.compare.query({ a: a.path, b: b.path }),
  })
  const names = { a: adapterName(t, a), b: adapterName(t, b) }
  return (
    <Panel
      id={COMPARISON}
      title={t('runs.compare.title')}
      note={
        <>
          <b>A</b> {names.a} &nbsp; <b>B</b> {names.b}
        </>
      }
      actions={
        <Group gap="sm">
          <Button
            variant="default"
            leftSection={<Play size={15} aria-hidden />}
            onClick={() => goTo('live', { mode: 'play', adapters: JSON.stringify([a.path, b.path]) })}
          >
            {t('runs.compare.play')}
          </Button>
          <Button
            variant="default"
            leftSection={<X size={15} aria-hidden />}
            onClick={() => choose({ a: undefined, b: undefined })}
          >
            {t('app.close')}
          </Button>
        </Group>
      }
    >
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && (data === undefined ? <Loading /> : <Shown compared={data} />)}
    </Panel>
  )
}

function Shown({ compared: { success, origin, settings, changes } }: { readonly compared: Compared }) {
  const { t } = useTranslation()
  return (
    <div className={classes.comparison}>
      <section>
        <h3>{t('runs.compare.success')}</h3>
        {success === null ? <p className="soft">{t('runs.compare.notEvaluated')}</p> : <Success success={success} />}
      </section>
      <section>
        <h3>{t('runs.compare.origin')}</h3>
        <Values
          empty={t('runs.compare.sameOrigin')}
          rows={origin.map(({ key, a, b }) => ({
            name: t(`runs.compare.keys.${key}` as 'runs.compare.keys.r'),
            key,
            a,
            b,
          }))}
        />
      </section>
      <section>
        <h3>{t('runs.compare.settings')}</h3>
        {settings === null ? (
          <p className="soft">{t('runs.compare.noSettings')}</p>
        ) : (
          <Values
            empty={t('runs.same')}
            rows={settings.map(({ key, a, b }) => ({ key, a, b, name: <code className="mono">{key}</code> }))}
          />
        )}
      </section>
      <section>
        <h3>{t('runs.change.title')}</h3>
        <p className="soft">{t('runs.change.note')}</p>
        <ChangeChart changes={changes} />
      </section>
    </div>
  )
}

function Success({ success: { runs, rates, paired } }: { readonly success: NonNullable<Compared['success']> }) {
  const { t } = useTranslation()
  const verdict = paired.p >= LEVEL ? 'same' : paired.difference > 0 ? 'better' : 'worse'
  return (
    <>
      <p className={classes.answer}>
        <b>{t(`runs.compare.${verdict}`)}</b>{' '}
        <span className="soft">
          {t('results.pairedInterval', {
            difference: points(paired.difference),
            low: points(paired.low),
            high: points(paired.high),
            p: pValue(paired.p),
          })}
        </span>
      </p>
      <table className={classes.rates} aria-label={t('runs.compare.success')}>
        <HiddenHead
          names={[t('runs.compare.adapter'), t('results.bar'), t('results.rate'), t('results.range'), t('runs.run')]}
        />
        <tbody>
          {(['A', 'B'] as const).map((name, at) => {
            const rate = rates[at]!
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className={classes.rate}>
                  <IntervalBar rate={rate} colour={at === 0 ? 'var(--ink)' : 'var(--soft)'} />
                </td>
                <td className="number">
                  <b>{percent(rate.success)}%</b>
                </td>
                <td className="soft">
                  {t('results.interval', { low: percent(rate.low), high: percent(rate.high), n: rate.n })}
                </td>
                <td>
                  <a href={hrefOf('results', { run: runs[at] })}>{t('episodes.run', { run: runs[at] })}</a>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <OutcomeSplit
        counts={paired}
        words={(kind) => t(`results.kinds.${kind}`, { arm: 'A', other: 'B', count: paired[kind] })}
      />
      <OutcomeLegend words={(kind) => t(`runs.compare.legend.${kind}`)} />
    </>
  )
}

interface ValuesProps {
  readonly rows: readonly { readonly key: string; readonly name: ReactNode; readonly a: unknown; readonly b: unknown }[]
  /** What is said where there are none. */
  readonly empty: string
}

function Values({ rows, empty }: ValuesProps) {
  const { t } = useTranslation()
  if (rows.length === 0) return <p className="soft">{empty}</p>
  return (
    <table className={classes.settings}>
      <thead>
        <tr>
          <th scope="col">{t('runs.setting')}</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, a, b }) => (
          <tr key={key}>
            <th scope="row">{name}</th>
            <td className="wrap">
              <Value name={key} value={a} />
            </td>
            <td className="wrap">
              <Value name={key} value={b} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const ancestor = z.object({ name: z.string(), run: z.nullable(z.number()), count: z.nullable(z.number()) })

function Value({ name, value }: { readonly name: string; readonly value: unknown }) {
  const { t } = useTranslation()
  if (value === null) return '–'
  if (name === 'arm') return armName(t, String(value))
  const made = ancestor.safeParse(value)
  if (!made.success) return <span className="mono">{Array.isArray(value) ? value.join(', ') : String(value)}</span>
  const { name: file, run, count } = made.data
  return [
    file,
    ...(run === null ? [] : [t('episodes.run', { run })]),
    ...(count === null ? [] : [t('runs.compare.count', { count })]),
  ].join(' · ')
}
