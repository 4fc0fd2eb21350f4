/** What a study says, in words: names of arms, findings, and what is missing. */
import { type Message, message } from '../../messages/message.ts'
import { armName } from '../arms.ts'
import { points, pValue } from '../figures.ts'
import type { StudyArm, StudyComparison, StudySummary } from './summary.ts'

/** The name of an arm: its policy, and its variant where that matters. */
export function studyArmName(
  { policy, variant }: Pick<StudyArm, 'policy' | 'variant'>,
  { variants }: Pick<StudySummary, 'variants'>,
): Message {
  const arm = armName(policy)
  return variant === null || variants.length < 2 ? arm : message('armOfVariant', { arm, variant })
}

/** Tones of DPO's variants after the first. Dashes or names tell arms apart as well. */
const OTHER_TONES = ['dpo_b', 'dpo_c', 'dpo_d'] as const

/** The arm whose colour an arm has: its policy's own, and another for each further variant of DPO. */
export function studyTone(
  { policy, variant }: Pick<StudyArm, 'policy' | 'variant'>,
  { variants }: Pick<StudySummary, 'variants'>,
): string {
  const at = variants.findIndex(({ name }) => name === variant)
  return policy === 'dpo' && at > 0 ? OTHER_TONES[(at - 1) % OTHER_TONES.length]! : policy
}

/** The conclusions of a study in their order, each a sentence or two. */
export function studyVerdict(summary: StudySummary): Message[] {
  const { done, planned, comparisons, problems } = summary
  const unfinished = done < planned ? [message('studyUnfinished', { done, planned })] : []
  if (comparisons.length === 0) return [...unfinished, message('studyTooFew')]
  return [...comparisons.map((comparison) => finding(comparison, summary, problems)), ...unfinished]
}

const FINDINGS = { better: 'studyBetter', worse: 'studyWorse' } as const

function finding(comparison: StudyComparison, summary: StudySummary, problems: number): Message {
  const names = { of: nameOf(comparison.of, summary), against: nameOf(comparison.against, summary) }
  if (comparison.error === 0 && comparison.difference === 0) return message('studyAlike', names)
  const { standing, detectable, difference, low, high, adjusted, seeds } = comparison
  const figures = message('studyFigures', {
    difference: points(difference),
    low: points(low),
    high: points(high),
    p: pValue(adjusted),
    seeds,
    problems,
  })
  if (standing !== 'same') return message(FINDINGS[standing], { ...names, figures })
  const told = detectablePoints(detectable)
  return told === null
    ? message('studyTooSmall', { ...names, figures })
    : message('studySame', { ...names, figures, detectable: told })
}

function nameOf(id: string, summary: StudySummary): Message {
  const arm = summary.arms.find((one) => one.id === id)
  return arm === undefined ? message('verbatim', { text: id }) : studyArmName(arm, summary)
}

/** The names of the two arms of a comparison. */
export function comparedNames(
  { of, against }: StudyComparison,
  summary: StudySummary,
): { of: Message; against: Message } {
  return { of: nameOf(of, summary), against: nameOf(against, summary) }
}

/** The smallest difference that a study finds, in points; null where it could find none. */
export function detectablePoints(detectable: number | null): string | null {
  return detectable === null ? null : (100 * detectable).toFixed(1)
}
