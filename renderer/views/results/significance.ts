/** What may be said of a comparison: a gain that could be chance is called none. */
import type { Comparison } from '../../../main/evaluation/summary.ts'

export interface Sentence {
  readonly kind:
    | 'better'
    | 'worse'
    | 'same'
    | 'againBetter'
    | 'againWorse'
    | 'againSame'
    | 'hadToBe'
    | 'beats'
    | 'equal'
    | 'beaten'
  /** DPO's policy: where there were several rounds, the controls had the episodes of the first one alone. */
  readonly arm: string
  /** The policies that it is held against. */
  readonly arms: readonly string[]
}

const CONTROLS = ['success_sft', 'nll_chosen', 'replay']
const LEVEL = 0.05

/** The sentences of a verdict, the one on SFT first. */
export function sentencesOf(
  against: Readonly<Record<string, Pick<Comparison, 'arm' | 'difference' | 'p'>>>,
): Sentence[] {
  const sentences: Sentence[] = []
  const { sft, dpo_before: before } = against
  if (sft !== undefined) {
    sentences.push({
      kind: sft.p >= LEVEL ? 'same' : sft.difference > 0 ? 'better' : 'worse',
      arm: sft.arm,
      arms: ['sft'],
    })
  }
  if (before !== undefined) {
    const kind = before.p >= LEVEL ? 'againSame' : before.difference > 0 ? 'againBetter' : 'againWorse'
    sentences.push({ kind, arm: before.arm, arms: ['dpo_before'] })
  }
  const controls = CONTROLS.flatMap((arm) => {
    const paired = against[arm]
    return paired === undefined ? [] : [{ ...paired, control: arm }]
  })
  const add = (kind: Sentence['kind'], holds: (one: (typeof controls)[number]) => boolean) => {
    const held = controls.filter(holds)
    const [first] = held
    if (first !== undefined) sentences.push({ kind, arm: first.arm, arms: held.map(({ control }) => control) })
  }
  const beats = ({ difference, p }: (typeof controls)[number]) => p < LEVEL && difference > 0
  add(controls.every(beats) ? 'hadToBe' : 'beats', beats)
  add('equal', ({ p }) => p >= LEVEL)
  add('beaten', ({ difference, p }) => p < LEVEL && difference < 0)
  return sentences
}
