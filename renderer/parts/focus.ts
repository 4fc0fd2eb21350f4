/** Keeps the focus on the page when what has it goes. */
import { type RefObject, useLayoutEffect } from 'react'

/**
 * Where the component is taken away and the focus is within `leaving`, hands it on: to `stays`, or to the title of the
 * view. Without this it would fall to the document, and the next Tab would begin at its top.
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
