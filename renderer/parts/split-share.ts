/** The width of a list beside the detail that is opened from it. */

/** Smallest and greatest share of the list, in percent. */
export const LEAST = 25
export const MOST = 70
const STEP = 2

/** A share of the list in whole percent, within its bounds. */
export function shareOf(percent: number): number {
  return Math.max(LEAST, Math.min(MOST, Math.round(percent)))
}

/** The share after a key on the divider; undefined where the key does not move it. */
export function shareAfter(key: string, share: number): number | undefined {
  const to = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: LEAST, End: MOST }[key]
  return to === undefined ? undefined : shareOf(to)
}
