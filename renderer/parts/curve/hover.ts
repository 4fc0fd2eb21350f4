/** The step that somebody points at, so that all charts can show what they have there. */
import { create } from 'zustand'

interface Hover {
  readonly step: number
  /** The chart that is pointed at. */
  readonly owner: string
}

const useHoverStore = create<{ readonly hover: Hover | null }>(() => ({ hover: null }))

/** The step that is pointed at in any chart; null where none is. */
export function useHover(): Hover | null {
  return useHoverStore(({ hover }) => hover)
}

/** The step at which this owner points; null while it does not. */
export function usePointed(owner: string): number | null {
  return useHoverStore(({ hover }) => (hover?.owner === owner ? hover.step : null))
}

/** A chart tells at which of its steps somebody points; null once nobody does. */
export function point(owner: string, step: number | null): void {
  const { hover } = useHoverStore.getState()
  if (step !== null) {
    if (hover?.step !== step || hover.owner !== owner) useHoverStore.setState({ hover: { step, owner } })
  } else if (hover?.owner === owner) useHoverStore.setState({ hover: null })
}
