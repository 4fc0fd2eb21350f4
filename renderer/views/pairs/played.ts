/** Tells pairs from attempts from imported ones. */

/** Pairs from attempts have a seed and the step at which the attempts differ. Imported pairs have neither. */
export function isPlayed({
  chosenAttempt,
  rejectedAttempt,
}: {
  readonly chosenAttempt: number | null
  readonly rejectedAttempt: number | null
}): boolean {
  return chosenAttempt !== null || rejectedAttempt !== null
}
