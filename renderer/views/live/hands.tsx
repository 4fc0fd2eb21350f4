/** A page that the reader works: mouse and keys go to the page. */
import { type KeyboardEvent, type PointerEvent, useEffect, useEffectEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { tellError } from '../../shell/notices.tsx'
import { PARTS } from './fit.ts'
import classes from './live.module.css'
import { Picture } from './picture.tsx'
import { placeIn } from './place-in.ts'
import { useSight } from './sights.ts'

export function Hands({ screen }: { readonly screen: LiveScreen }) {
  const { t } = useTranslation()
  const area = useRef<HTMLDivElement>(null)
  const { picture } = useSight(screen)
  const send = (input: Parameters<typeof lab.live.input.mutate>[0]['input']) =>
    void lab.live.input.mutate({ screen: screen.id, input }).catch(tellError)
  const place = (event: { readonly clientX: number; readonly clientY: number }) =>
    placeIn(area.current!.getBoundingClientRect(), PARTS.task, event)
  const pointer = (type: 'move' | 'down' | 'up') => (event: PointerEvent) => {
    if (type === 'move' && event.buttons === 0) return
    if (type === 'down') area.current?.focus()
    send({ type, ...place(event) })
  }
  const key = (type: 'keydown' | 'keyup') => (event: KeyboardEvent) => {
    // Tab leaves the page; otherwise keyboard users could not get out.
    if (event.key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    send({ type, key: event.key })
  }
  const wheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault()
    send({ type: 'wheel', ...place(event), dx: Math.round(event.deltaX), dy: Math.round(event.deltaY) })
  })
  // React's own listener is passive and could not stop the window from scrolling too.
  useEffect(() => {
    const element = area.current!
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [])
  return (
    <div
      className={classes.canvas}
      role="application"
      aria-label={t('live.canvas')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes keys for the page
      tabIndex={0}
      onPointerDown={pointer('down')}
      onPointerUp={pointer('up')}
      onPointerMove={pointer('move')}
      onKeyDown={key('keydown')}
      onKeyUp={key('keyup')}
    >
      <Picture screen={screen} source={picture} extent="task" ref={area} />
    </div>
  )
}
