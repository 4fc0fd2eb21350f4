/** An adapter that cannot be read, and the reason. */
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import { hrefOf } from '../../location.ts'
import { type BrokenAdapter, roundOf } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import classes from './runs.module.css'

export function BrokenLine({ adapter }: { readonly adapter: BrokenAdapter }) {
  const { t } = useTranslation()
  const say = useSay()
  const { arm, run, path, problem } = adapter
  const round = roundOf(t, adapter)
  return (
    <li className={classes.adapter}>
      <div className={classes.adapterHead}>
        <b>{armName(t, arm)}</b>
        {run !== null && <a href={hrefOf('pipeline', { run })}>{t('episodes.run', { run })}</a>}
        {round !== '' && <span className="soft">{round}</span>}
        <span className="soft">{t('runs.unreadable')}</span>
      </div>
      <p className="wrap rejected">
        <TriangleAlert size={14} aria-hidden /> {say(problem)}
      </p>
      <div className={classes.path}>
        <code className="mono wrap">{path}</code>
      </div>
    </li>
  )
}
