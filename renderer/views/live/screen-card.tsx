/** A summary of one attempt: the page, the task, the agent's thought and action, and the outcome. */
import { UnstyledButton } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen } from '../../../main/live/state.ts'
import { endingMessage } from '../../../main/store/episode.ts'
import { useSay } from '../../i18n/say.ts'
import { armName } from '../../parts/arm.ts'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Extent } from './fit.ts'
import { Picture } from './picture.tsx'
import classes from './screen-card.module.css'
import { useSight } from './sights.ts'

/** An empty line of the same height. */
const BLANK = '\u00a0'

interface Props {
  readonly screen: LiveScreen
  readonly extent: Extent
  /** Whether the text stands beside the picture instead of under it. */
  readonly beside?: boolean
  /** Opens the attempt in detail; undefined where there is nothing to open. */
  readonly onFollow?: () => void
}

export function ScreenCard({ screen: now, extent, beside = false, onFollow }: Props) {
  const { t } = useTranslation()
  const { screen, picture: source } = useSight(now)
  const { answer } = screen
  const picture = <Picture screen={screen} source={source} extent={extent} />
  return (
    <article className={`card ${classes.card}`} data-beside={beside || undefined} aria-label={screen.title}>
      {onFollow === undefined ? (
        picture
      ) : (
        <UnstyledButton onClick={onFollow} aria-label={t('live.follow', { task: screen.title })}>
          {picture}
        </UnstyledButton>
      )}
      <div className={classes.words}>
        <ScreenTitle screen={screen} />
        <p className={classes.instruction} title={screen.instruction}>
          {screen.instruction}
        </p>
        <p className={`cut ${classes.thought}`}>{answer?.thought || BLANK}</p>
        <p className={`cut mono ${classes.action}`}>{answer?.action || answer?.text || BLANK}</p>
      </div>
    </article>
  )
}

/** Task, seed and status, and the policy where the stage plays several. */
export function ScreenTitle({ screen }: { readonly screen: LiveScreen }) {
  const { t } = useTranslation()
  const say = useSay()
  const { status, ending } = screen
  const seed = t('live.problemSeed', { seed: screen.seed })
  const problem = screen.kind === 'job' ? t('live.problem', { seed: screen.seed, attempt: screen.attempt + 1 }) : seed
  const policy = screen.kind === 'job' && screen.arm !== '' ? `${armName(t, screen.arm)} · ` : ''
  return (
    <>
      <div className={classes.title}>
        <b className="cut">{screen.title}</b>
        <span className={classes.state} title={ending === null ? undefined : say(endingMessage(ending))}>
          {status === 'playing' || status === 'held' ? (
            <span className="soft">
              {status === 'held' ? t('live.held') : t('live.step', { at: screen.step, total: screen.horizon })}
            </span>
          ) : (
            <OutcomeMark outcome={status} />
          )}
        </span>
      </div>
      <div className="soft">
        {policy}
        {problem}
      </div>
      {screen.note !== null && (
        <p className="wrap rejected">
          <TriangleAlert size={14} aria-hidden /> {say(screen.note)}
        </p>
      )}
    </>
  )
}
