/** Pages that play, each as a card, as large as the window allows. */
import type { CSSProperties } from 'react'
import type { LiveScreen } from '../../../main/live/state.ts'
import { type Extent, fitWall, lookFor } from './fit.ts'
import classes from './live.module.css'
import { useRoom } from './room.ts'
import { ScreenCard } from './screen-card.tsx'
import { useSights } from './sights.ts'

interface Props {
  readonly screens: readonly LiveScreen[]
  readonly extent: Extent
  /** Height of what stands above and below, in CSS pixels. */
  readonly taken: number
  /** A heading over each card. */
  readonly headingOf?: (screen: LiveScreen) => string
  /** Opens a page in detail; undefined where there is nothing to open. */
  readonly onFollow?: (screen: string) => void
}

export function Wall({ screens, extent, taken, headingOf, onFollow }: Props) {
  const { ref, room } = useRoom(taken)
  const wall = room === null ? null : fitWall(screens.length, room, extent)
  const look = lookFor(screens.length, extent, wall?.picture ?? 0, devicePixelRatio)
  useSights(wall === null ? [] : screens.map(({ id }) => id), look)
  const style = { '--columns': wall?.columns, '--picture': `${wall?.picture}px` } as CSSProperties
  return (
    <div ref={ref} className={classes.wall} style={style} data-beside={wall?.beside || undefined}>
      {wall !== null &&
        screens.map((screen) => {
          const follow = onFollow === undefined ? {} : { onFollow: () => onFollow(screen.id) }
          const card = <ScreenCard key={screen.id} screen={screen} extent={extent} beside={wall.beside} {...follow} />
          const heading = headingOf?.(screen)
          return heading === undefined ? (
            card
          ) : (
            <section key={screen.id} aria-label={heading}>
              <h2 className={classes.policy}>{heading}</h2>
              {card}
            </section>
          )
        })}
    </div>
  )
}
