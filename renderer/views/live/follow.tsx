/** One attempt in detail: a large picture of the page, the tokens as they are generated, and the steps so far. */
import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen } from '../../../main/live/state.ts'
import { Tokens } from '../../parts/tokens.tsx'
import { type Extent, fitOne, lookFor } from './fit.ts'
import classes from './follow.module.css'
import { Picture } from './picture.tsx'
import { useRoom } from './room.ts'
import { ScreenTitle } from './screen-card.tsx'
import { useSight, useSights } from './sights.ts'

interface Props {
  readonly screen: LiveScreen
  readonly extent: Extent
  /** Height of what stands above and below, in CSS pixels. */
  readonly taken: number
}

export function Follow({ screen: now, extent, taken }: Props) {
  const { t } = useTranslation()
  const { ref, room } = useRoom(taken)
  const width = room === null ? 0 : fitOne(room, extent)
  useSights(room === null ? [] : [now.id], lookFor(1, extent, width, devicePixelRatio))
  const { screen, picture } = useSight(now)
  const { answer, drawn } = screen
  // While the next answer is being written, that answer is shown.
  const tokens = drawn.length > 0 ? drawn : (answer?.tokens ?? [])
  return (
    <article ref={ref} className={`card ${classes.follow}`} aria-label={screen.title}>
      <div className={classes.page} style={{ '--picture': `${width}px` } as CSSProperties}>
        <Picture screen={screen} source={picture} extent={extent} />
      </div>
      <div className={classes.words}>
        <ScreenTitle screen={screen} />
        <h2 className={classes.instruction}>{screen.instruction === '' ? screen.title : screen.instruction}</h2>
        <h3>{t('live.answer')}</h3>
        {tokens.length > 0 ? (
          <>
            <Tokens tokens={tokens} />
            <p className={classes.key}>{t('live.shading')}</p>
          </>
        ) : (
          <p className={answer === null ? 'soft' : 'mono wrap'}>{answer === null ? t('live.thinking') : answer.text}</p>
        )}
        <h3>{t('live.done')}</h3>
        {screen.done.length === 0 ? (
          <p className="soft">{t('live.nothingDone')}</p>
        ) : (
          <ol className={`mono ${classes.done}`}>
            {screen.done.map((action, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same action may occur twice
              <li key={at}>{action}</li>
            ))}
          </ol>
        )}
        {screen.ending !== null && <p>{t('live.reward', { reward: screen.ending.reward })}</p>}
      </div>
    </article>
  )
}
