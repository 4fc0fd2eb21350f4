/** The colour of a run among others. It depends on the run alone, so that a run has it in every chart. */

/** Degrees between the hues of one run and the next: the golden angle, which keeps any few runs in a row apart. */
const ANGLE = 137.508

export function runColour(run: number): string {
  return `oklch(var(--run-lightness) 0.14 ${((run * ANGLE) % 360).toFixed(1)})`
}

/** The name of a run: its number, and its title or else the name of its project. */
export function runName({
  id,
  title,
  name,
}: {
  readonly id: number
  readonly title: string
  readonly name: string
}): string {
  return `${id} · ${title === '' ? name : title}`
}
