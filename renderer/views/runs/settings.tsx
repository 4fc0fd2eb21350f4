/** The settings of a run, and the differences between those of two runs. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import classes from './runs.module.css'

export function Differences({ a, b }: { readonly a: number; readonly b: number }) {
  const { t } = useTranslation()
  const { data, error } = useQuery({ queryKey: ['runs', 'diff', a, b], queryFn: () => lab.runs.diff.query({ a, b }) })
  if (error !== null) return <Failure error={error} />
  if (data === undefined) return null
  return (
    <Panel title={t('runs.differences', { a, b })} note={data.length === 0 ? undefined : t('runs.differencesNote')}>
      {data.length === 0 ? (
        <Text c="dimmed">{t('runs.same')}</Text>
      ) : (
        <table className={classes.settings}>
          <thead>
            <tr>
              <th scope="col">{t('runs.setting')}</th>
              <th scope="col">{t('episodes.run', { run: a })}</th>
              <th scope="col">{t('episodes.run', { run: b })}</th>
            </tr>
          </thead>
          <tbody>
            {data.map((difference) => (
              <tr key={difference.key}>
                <th scope="row" className="mono">
                  {difference.key}
                </th>
                <td className="mono wrap">{written(difference.a)}</td>
                <td className="mono wrap">{written(difference.b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

export function RunSettings({ run }: { readonly run: number }) {
  const { t } = useTranslation()
  const { data, error } = useQuery({ queryKey: ['runs', 'get', run], queryFn: () => lab.runs.get.query({ run }) })
  if (error !== null) return <Failure error={error} />
  if (data === undefined) return null
  return (
    <Panel title={t('runs.settings', { run })} note={t('runs.folder', { folder: data.folder })}>
      <div className={classes.columns}>
        {Object.entries(data.config).map(([group, values]) => (
          <section key={group}>
            <h3 className="mono">{group}</h3>
            <dl className={classes.values}>
              {entries(values).map(([key, value]) => (
                <div key={key}>
                  <dt className="mono">{key}</dt>
                  <dd className="mono wrap">{written(value)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  )
}

/** The keys of a group with their values; keys of inner groups are dotted, and a list is one value. */
function entries(values: unknown, prefix = ''): [string, unknown][] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [[prefix, values]]
  return Object.entries(values).flatMap(([key, value]) => entries(value, prefix === '' ? key : `${prefix}.${key}`))
}

function written(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : value === null ? '–' : String(value)
}
