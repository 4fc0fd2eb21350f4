/** The keys by which pairs are reviewed. */
import { useKeys } from '../../parts/keys.ts'
import type { PairActions } from './pair-actions.ts'

/** A key that is held down does what it does once: a pair more would be judged with each repetition. */
const once = (act: () => void) => (event: KeyboardEvent) => {
  if (!event.repeat) act()
}

/** While a pair is being edited, letters belong to its texts. */
export function usePairKeys({ revert, judge, swap, edit }: PairActions, editing: boolean): void {
  useKeys([
    ['mod+Z', () => void revert('undo')],
    ['mod+Y', () => void revert('redo')],
    ['mod+shift+Z', () => void revert('redo')],
    ...(editing
      ? []
      : ([
          ['A', once(() => judge('keep'))],
          ['D', once(() => judge('drop'))],
          ['S', once(swap)],
          ['E', edit],
        ] as const)),
  ])
}
