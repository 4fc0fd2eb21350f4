/** Adapters that another view sent here, in the address. */
import * as z from 'zod/mini'

const paths = z.array(z.string())

/** The paths of their folders; none where the address was written by hand and holds no list. */
export function sentAdapters(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    return paths.safeParse(JSON.parse(text)).data ?? []
  } catch {
    return []
  }
}
