/** A list beside the detail that is opened from it. The divider can be moved, and its place is kept. */
import { type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../state/settings.ts'
import classes from './split.module.css'
import { LEAST, MOST, shareAfter, shareOf } from './split-share.ts'

interface Props {
  /** The name under which the divider's place is kept. */
  readonly of: 'pairs' | 'episodes'
  readonly list: { readonly name: string; readonly filters: ReactNode; readonly content: ReactNode }
  readonly detail: { readonly name: string; readonly content: ReactNode }
}

export function Split({ of, list, detail }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const share = useSettings((settings) => settings.splits[of])
  const place = (percent: number) =>
    useSettings.setState(({ splits }) => ({ splits: { ...splits, [of]: shareOf(percent) } }))
  const drag = (event: PointerEvent<HTMLElement>) => {
    if (frame.current === null || !event.currentTarget.hasPointerCapture(event.pointerId)) return
    const { left, width } = frame.current.getBoundingClientRect()
    place((100 * (event.clientX - left)) / width)
  }
  const keys = (event: KeyboardEvent) => {
    const to = shareAfter(event.key, share)
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    place(to)
  }
  return (
    <div ref={frame} className={classes.split} style={{ '--share': `${share}%` } as CSSProperties}>
      <section id={id} className={`card ${classes.list}`} aria-label={list.name}>
        <div className={classes.filters}>{list.filters}</div>
        {list.content}
      </section>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved */}
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={t('app.divider')}
        aria-controls={id}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        aria-valuenow={share}
        tabIndex={0}
        className={classes.divider}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={keys}
      />
      <section className={`card ${classes.detail}`} aria-label={detail.name}>
        {detail.content}
      </section>
    </div>
  )
}

/** The length of the list; nothing where the lab has not told it. */
export function ListCount({ text }: { readonly text: string | null }) {
  return (
    <span className={classes.count} aria-live="polite">
      {text}
    </span>
  )
}
