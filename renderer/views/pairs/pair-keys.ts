/** The keys for reviewing pairs. */
import { useKeys } from '../../parts/keys.ts'
import type { PairActions } from './pair-actions.ts'

/** Ignores the repetitions of a key that is held down. Each would judge one more pair. */
const once = (act: () => void) => (event: KeyboardEvent) => {
  if (!event.repeat) act()
}

/** While a pair is being edited, letters go into its texts. */
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
