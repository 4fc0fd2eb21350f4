/** The room that the window has for pictures of pages. */
import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import type { Size } from './fit.ts'

/** Room is never thought lower: whoever has a lower window scrolls. */
const LOWEST = 240

/**
 * The width of the element that gets the ref, and the height of the window without `taken`, which is what stands above and below it; null
 * until the element is there.
 */
export function useRoom(taken: number): { readonly ref: RefObject<HTMLDivElement | null>; readonly room: Size | null } {
  const ref = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState<Size | null>(null)
  useLayoutEffect(() => {
    const measure = () =>
      setRoom({ width: ref.current?.clientWidth ?? 0, height: Math.max(LOWEST, window.innerHeight - taken) })
    const observer = new ResizeObserver(measure)
    if (ref.current !== null) observer.observe(ref.current)
    window.addEventListener('resize', measure)
    measure()
    return () => {
      observer.disconnect()
      window.removeEventListener('resize', measure)
    }
  }, [taken])
  return { ref, room }
}
