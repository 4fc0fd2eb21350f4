/** Choosing a range of a chart with the mouse. */
import { useState } from 'react'
import type { MouseHandlerDataParam } from 'recharts'
import { create, type StoreApi, type UseBoundStore } from 'zustand'
import type { Range } from './series.ts'

/** The steps that the mouse has covered so far; null when no drag is in progress. */
export type Drag = UseBoundStore<StoreApi<{ readonly drag: Range | null }>>

interface Handlers {
  readonly onMouseDown: (at: MouseHandlerDataParam) => void
  readonly onMouseMove: (at: MouseHandlerDataParam) => void
  readonly onMouseUp: () => void
  readonly onDoubleClick: () => void
}

/** The steps that a drag has chosen, the smaller first; null where the drag has stayed on one step. */
export function chosenRange(drag: Range | null): Range | null {
  return drag === null || drag[0] === drag[1] ? null : [Math.min(...drag), Math.max(...drag)]
}

/**
 * The drag over a chart, and its mouse handlers. `onRange` gets the chosen range at the end of a drag, and null on a
 * double click. The drag is kept in a store, so the lines are not drawn again while the mouse moves.
 */
export function useDrag(onRange: ((range: Range | null) => void) | undefined): readonly [Drag, Handlers] {
  const [dragging] = useState<Drag>(() => create<{ readonly drag: Range | null }>(() => ({ drag: null })))
  const handlers = {
    onMouseDown(at: MouseHandlerDataParam) {
      if (onRange === undefined) return
      const from = stepAt(at)
      dragging.setState({ drag: from === null ? null : [from, from] })
    },
    onMouseMove(at: MouseHandlerDataParam) {
      const to = stepAt(at)
      const { drag } = dragging.getState()
      if (drag !== null && to !== null) dragging.setState({ drag: [drag[0], to] })
    },
    onMouseUp() {
      const range = chosenRange(dragging.getState().drag)
      if (range !== null) onRange?.(range)
      dragging.setState({ drag: null })
    },
    onDoubleClick: () => onRange?.(null),
  }
  return [dragging, handlers]
}

function stepAt({ activeLabel }: MouseHandlerDataParam): number | null {
  return activeLabel === undefined ? null : Number(activeLabel)
}
