/** The conclusions about policies that played the same problems. A difference that could be chance counts as none. */
import { type Message, type MessageId, message } from '../messages/message.ts'
import { armName, CONTROLS, type Control } from './arms.ts'
import { pairedFigures } from './figures.ts'
import type { Interval, Paired } from './statistics.ts'

/** The significance level: a difference with a smaller p counts as real. */
export const LEVEL = 0.05

/** How the first of two policies compares with the second. */
export type Standing = 'better' | 'worse' | 'same'

export function standing({ difference, p }: Pick<Paired, 'difference' | 'p'>): Standing {
  if (p >= LEVEL) return 'same'
  return difference > 0 ? 'better' : 'worse'
}

/**
 * The same for single tasks and groups of them, of which there are too many to test each: they differ where their intervals do
 * not overlap. That is stricter than most tests, on purpose.
 */
export function standingApart(one: Interval, other: Interval): Standing {
  if (one.low > other.high) return 'better'
  return one.high < other.low ? 'worse' : 'same'
}

/** SFT, or one of DPO's policies, compared with another policy. */
export interface Comparison extends Paired {
  /** 'sft', or 'dpo'. After several rounds, 'dpo_round_1' against controls: it had the same episodes and as many steps. */
  readonly arm: string
}

/** One conclusion of a verdict, as data; `findingMessage` puts it into words. */
export type Finding =
  /** DPO against SFT, or against the policy before training again. */
  | ({
      readonly kind: 'learned' | 'trainedAgain'
      readonly standing: Standing
      readonly against: 'sft' | 'dpo_before'
    } & Comparison)
  /** SFT or DPO against the base model without training. */
  | ({ readonly kind: 'fromBase'; readonly standing: Standing; readonly against: 'base' } & Comparison)
  /** DPO against the controls with which it compares alike. */
  | {
      readonly kind: 'controls'
      readonly standing: Standing
      readonly arm: string
      readonly against: readonly Control[]
      /** Whether it is better than all controls: then the gain is due to DPO itself. */
      readonly all: boolean
    }

/**
 * The findings from the comparisons of DPO, and of SFT, which are keyed by the other arm: first DPO and SFT, then the
 * controls, then what either learned that the base model could not do.
 */
export function verdictOf(
  against: Readonly<Record<string, Comparison>>,
  sftAgainst: Readonly<Record<string, Comparison>> = {},
): Finding[] {
  const { sft, dpo_before: before } = against
  const fromBase = [sftAgainst.base, against.base].filter((comparison) => comparison !== undefined)
  const known = CONTROLS.flatMap((control) => {
    const comparison = against[control]
    return comparison === undefined ? [] : [{ control, comparison }]
  })
  const held = (wanted: Standing): Finding[] => {
    const alike = known.filter(({ comparison }) => standing(comparison) === wanted)
    const [first] = alike
    if (first === undefined) return []
    const all = wanted === 'better' && alike.length === known.length
    const { arm } = first.comparison
    return [{ kind: 'controls', standing: wanted, arm, against: alike.map(({ control }) => control), all }]
  }
  return [
    ...(sft === undefined ? [] : [{ kind: 'learned', standing: standing(sft), against: 'sft', ...sft } as const]),
    ...(before === undefined
      ? []
      : [{ kind: 'trainedAgain', standing: standing(before), against: 'dpo_before', ...before } as const]),
    ...held('better'),
    ...held('same'),
    ...held('worse'),
    ...fromBase.map(
      (comparison) => ({ kind: 'fromBase', standing: standing(comparison), against: 'base', ...comparison }) as const,
    ),
  ]
}

const LEARNED = { better: 'dpoBetter', worse: 'dpoWorse', same: 'dpoSame' } as const
const TRAINED_AGAIN = { better: 'againBetter', worse: 'againWorse', same: 'againSame' } as const
const FROM_BASE = { better: 'baseBeaten', worse: 'baseBetter', same: 'baseSame' } as const
const CONTROLS_HELD = { better: 'controlsBeaten', worse: 'controlsBetter', same: 'controlsSame' } as const

/** A finding in words. */
export function findingMessage(finding: Finding): Message {
  switch (finding.kind) {
    case 'learned':
      return message(LEARNED[finding.standing], { figures: pairedFigures(finding) })
    case 'trainedAgain':
      return message(TRAINED_AGAIN[finding.standing], { figures: pairedFigures(finding) })
    case 'fromBase':
      return message(FROM_BASE[finding.standing], { arm: armName(finding.arm), figures: pairedFigures(finding) })
    case 'controls': {
      const said: MessageId = finding.all ? 'hadToBeDpo' : CONTROLS_HELD[finding.standing]
      return message(said, { arm: armName(finding.arm), controls: together(finding.against.map(quoted)) })
    }
  }
}

/** A name within a sentence. Chinese puts it in quotation marks. */
function quoted(arm: string): Message {
  return message('armInSentence', { arm: armName(arm) })
}

/** "A", "A and B", "A, B, and C". */
function together(names: readonly Message[]): Message {
  const [first, second] = names
  if (first === undefined || second === undefined) return first ?? message('verbatim', { text: '' })
  const last = names.at(-1) ?? second
  return names.length === 2
    ? message('twoTogether', { first, second })
    : message('manyTogether', { others: names.slice(0, -1), last })
}
