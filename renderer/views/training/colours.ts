/** Colours for trainings that are shown together. */
import { armColour } from '../../parts/interval.tsx'

const PALETTE = ['dpo', 'success_sft', 'nll_chosen', 'replay', 'sft', 'base']

/**
 * One colour for each arm. The latest round and the first run get the policy's own colour; the others get unused
 * colours, as long as there are any.
 */
export function coloursOf(arms: readonly { readonly arm: string; readonly round: number }[]): string[] {
  const names: (string | undefined)[] = arms.map(() => undefined)
  const latestFirst = [...arms.keys()].sort((a, b) => arms[b]!.round - arms[a]!.round)
  for (const at of latestFirst) {
    const { arm } = arms[at]!
    if (PALETTE.includes(arm) && !names.includes(arm)) names[at] = arm
  }
  const free = PALETTE.filter((name) => !names.includes(name))
  let next = 0
  return names.map((name) => armColour(name ?? free[next++] ?? PALETTE[next % PALETTE.length]!))
}
