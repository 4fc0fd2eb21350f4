/** The step under the pointer. All charts show their values at this step. */
import { create } from 'zustand'

interface Hover {
  readonly step: number
  /** The chart under the pointer. */
  readonly owner: string
}

const useHoverStore = create<{ readonly hover: Hover | null }>(() => ({ hover: null }))

/** The step under the pointer, in any chart; null where the pointer is over none. */
export function useHover(): Hover | null {
  return useHoverStore(({ hover }) => hover)
}

/** The step under the pointer in this chart; null where the pointer is elsewhere. */
export function usePointed(owner: string): number | null {
  return useHoverStore(({ hover }) => (hover?.owner === owner ? hover.step : null))
}

/** Sets the step under the pointer in a chart; null when the pointer has left it. */
export function point(owner: string, step: number | null): void {
  const { hover } = useHoverStore.getState()
  if (step !== null) {
    if (hover?.step !== step || hover.owner !== owner) useHoverStore.setState({ hover: { step, owner } })
  } else if (hover?.owner === owner) useHoverStore.setState({ hover: null })
}
