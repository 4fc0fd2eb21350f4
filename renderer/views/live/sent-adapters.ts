/** Adapters that another view has put into the address. */
import * as z from 'zod/mini'

const paths = z.array(z.string())

/** The paths of their folders; an empty list where the address holds no valid list. */
export function sentAdapters(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    return paths.safeParse(JSON.parse(text)).data ?? []
  } catch {
    return []
  }
}
