/** Which models and cases of a bench are asked for: parts of their names; none of a kind asks for all. */
export interface Selection {
  readonly model: readonly string[]
  readonly case: readonly string[]
}

/** Whether a name has one of the parts in it, in letters of any case, or there are none. */
export function selects(parts: readonly string[], name: string): boolean {
  return parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()))
}
