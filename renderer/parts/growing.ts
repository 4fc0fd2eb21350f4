/** A long list of which no more is drawn than the reader has come to. */
import { type RefCallback, useCallback, useState } from 'react'

/** How many items are drawn at first, and more at a time: as many as a frame has time for. */
const STEP = 20
/** How far below the screen the end of the drawn items may be before more are drawn. */
const AHEAD = '800px'

export interface Growing<Item> {
  /** The items to draw. */
  readonly shown: readonly Item[]
  /**
   * Where there are more items, an element at the end of the list gets this, and `shown.length` as its key: when it comes
   * close to the screen, more are drawn.
   */
  readonly end: RefCallback<Element> | null
}

export function useGrowing<Item>(items: readonly Item[], step = STEP): Growing<Item> {
  const [count, setCount] = useState(step)
  const end = useCallback(
    (element: Element | null) => {
      if (element === null) return
      const observer = new IntersectionObserver(
        (entries) => {
          if (entries.at(-1)?.isIntersecting === true) setCount((before) => before + step)
        },
        { rootMargin: AHEAD },
      )
      observer.observe(element)
      return () => observer.disconnect()
    },
    [step],
  )
  return { shown: items.slice(0, count), end: count < items.length ? end : null }
}
