/** Asks nvidia-smi, the program of NVIDIA's driver, about the cards of this machine. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { z } from 'zod'

const ANSWER_LIMIT = 10_000

/** What it prints of these fields (`nvidia-smi --help-query-gpu`), a line a card; empty where it is missing or does not answer. */
export async function askNvidiaSmi(fields: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'],
      { timeout: ANSWER_LIMIT, killSignal: 'SIGKILL', windowsHide: true },
    )
    return stdout
  } catch {
    return ''
  }
}

/** The fields of every line that has this form. */
export function linesOf<Line>(printed: string, form: z.ZodType<Line>): Line[] {
  return printed
    .trim()
    .split('\n')
    .flatMap((line) => {
      const { success, data } = form.safeParse(line.split(',').map((part) => part.trim()))
      return success ? [data] : []
    })
}

/** The first card whose name has `name` in it; without a name the first; null where there is none. */
export function firstNamed<Card extends { readonly name: string }>(
  cards: readonly Card[],
  name: string | null,
): Card | null {
  return cards.find((card) => name === null || card.name.toLowerCase().includes(name.toLowerCase())) ?? null
}
