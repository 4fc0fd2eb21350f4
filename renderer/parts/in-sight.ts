/** Whether an element is on the screen or close to it. */
import { type RefObject, useEffect, useState } from 'react'

/** How far from the screen an element still counts as visible. */
const AHEAD = '200px'

export function useInSight(element: RefObject<Element | null>): boolean {
  const [inSight, setInSight] = useState(false)
  useEffect(() => {
    if (element.current === null) return
    const observer = new IntersectionObserver((entries) => setInSight(entries.at(-1)?.isIntersecting === true), {
      rootMargin: AHEAD,
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return inSight
}
