/**
 * The selected models and cases of a bench, by parts of their names (none selects all), the checkout that the window is
 * compared with, the GGUF file that is measured, and the instructions that it is measured with.
 */
export interface Selection {
  readonly model: readonly string[]
  readonly case: readonly string[]
  /** Folder of another checkout, set up; null for none. */
  readonly against: string | null
  /** Path of a GGUF file; null for none. */
  readonly gguf: string | null
  /** 'avx-vnni' and 'avx2' measure holdings as on a processor without AVX-512, or without AVX-VNNI too; '' takes the best. */
  readonly instructions: Instructions
  /** Whether the window is measured on the largest lab. */
  readonly large: boolean
  /** Folder in which the window's lab is made where it is not there, and kept; null for a temporary one. */
  readonly lab: string | null
}

export const INSTRUCTIONS = ['', 'avx-vnni', 'avx2'] as const
export type Instructions = (typeof INSTRUCTIONS)[number]

/** Whether a name contains one of the parts, in any letter case; true if there are no parts. */
export function selects(parts: readonly string[], name: string): boolean {
  return parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()))
}
