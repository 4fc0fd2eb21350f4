/** The values in which two adapters differ, one per line. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import { armName } from '../../parts/arm.ts'
import classes from './runs.module.css'

interface Props {
  readonly rows: readonly { readonly key: string; readonly name: ReactNode; readonly a: unknown; readonly b: unknown }[]
  /** The text where there are none. */
  readonly empty: string
}

export function ComparedValues({ rows, empty }: Props) {
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
