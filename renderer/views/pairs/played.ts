/** Whether a pair was played here. */

/** Pairs that come from attempts have a seed, and a step at which the attempts part; imported ones have neither. */
export function isPlayed({
  chosenAttempt,
  rejectedAttempt,
}: {
  readonly chosenAttempt: number | null
  readonly rejectedAttempt: number | null
}): boolean {
  return chosenAttempt !== null || rejectedAttempt !== null
}
