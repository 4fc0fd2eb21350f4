/** Keeps the focus on the page when the focused part disappears. */
import { type RefObject, useLayoutEffect } from 'react'

/**
 * When the component is removed while the focus is within `leaving`, moves the focus to `stays`, or to the view's
 * title. Otherwise the browser would move it to the document, and the next Tab would start at the top.
 */
export function useFocusHandedOn(leaving: RefObject<HTMLElement | null>, stays?: RefObject<HTMLElement | null>): void {
  useLayoutEffect(
    () => () => {
      if (!leaving.current?.contains(document.activeElement)) return
      const next = stays?.current ?? document.querySelector('h1')
      next?.focus({ preventScroll: true })
    },
    [leaving, stays],
  )
}
