/**
 * The selected models and cases of a bench, by parts of their names (none selects all), the checkout that the window is
 * compared with, and the GGUF file that is measured.
 */
export interface Selection {
  readonly model: readonly string[]
  readonly case: readonly string[]
  /** Folder of another checkout, set up; null for none. */
  readonly against: string | null
  /** Path of a GGUF file; null for none. */
  readonly gguf: string | null
}

/** Whether a name contains one of the parts, in any letter case; true if there are no parts. */
export function selects(parts: readonly string[], name: string): boolean {
  return parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()))
}
