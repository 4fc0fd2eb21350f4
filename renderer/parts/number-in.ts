/** The number of a run, a pair and the like in an address; undefined where it says none. */
export function numberIn(text: string | undefined): number | undefined {
  const number = /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0
  return number > 0 ? number : undefined
}
