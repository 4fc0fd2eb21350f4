/**
 * Which models and cases of a bench are asked for: parts of their names; none of a kind asks for all. And what the window
 * is compared with.
 */
export interface Selection {
  readonly model: readonly string[]
  readonly case: readonly string[]
  /** Folder of another checkout, set up; null for none. */
  readonly against: string | null
}

/** Whether a name has one of the parts in it, in letters of any case, or there are none. */
export function selects(parts: readonly string[], name: string): boolean {
  return parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()))
}
