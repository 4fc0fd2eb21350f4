/** The links to the views, at the left edge. */
import {
  ChartLine,
  Film,
  FlaskConical,
  FolderTree,
  GitFork,
  LayoutGrid,
  MonitorPlay,
  Scale,
  Workflow,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { hrefOf, usePlace, VIEWS, type View } from '../location.ts'
import { loadScreen } from '../screens.tsx'
import classes from './navigation.module.css'

const ICONS: Readonly<Record<View, typeof Workflow>> = {
  pipeline: Workflow,
  live: MonitorPlay,
  pairs: GitFork,
  training: ChartLine,
  results: Scale,
  episodes: Film,
  runs: FolderTree,
  studies: FlaskConical,
  tasks: LayoutGrid,
}

export function Navigation() {
  const { t } = useTranslation()
  const { view } = usePlace()
  return (
    <nav className={classes.nav} aria-label={t('app.views')}>
      <a className={classes.brand} href={hrefOf('pipeline')}>
        <img src="./icon.svg" alt="" width={26} height={26} />
        <span>DPO-Driver</span>
      </a>
      {VIEWS.map((one, at) => {
        const Icon = ICONS[one]
        return (
          <a
            key={one}
            className={classes.link}
            href={hrefOf(one)}
            // Pointing at a link usually comes before a click, so its view is loaded then.
            onPointerEnter={() => void loadScreen(one).catch(() => {})}
            aria-current={one === view ? 'page' : undefined}
            aria-keyshortcuts={String(at + 1)}
          >
            <Icon size={18} strokeWidth={1.8} aria-hidden />
            <span>{t(`views.${one}`)}</span>
          </a>
        )
      })}
    </nav>
  )
}
