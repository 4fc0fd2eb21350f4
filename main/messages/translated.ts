/** Makes the type check compare a translated catalogue with the English one. */
import type { ENGLISH } from './en.ts'
import type { Holes } from './message.ts'

type English = typeof ENGLISH
/** Keys of the English catalogue. Other languages may lack a form for `_one`. */
type Key = Exclude<keyof English, `${string}_one`>

/**
 * The catalogue if every text has the holes of its English text. Otherwise the type of a text says which holes differ.
 */
type Checked<Texts> = {
  readonly [Id in keyof Texts]: Id extends Key
    ? [Holes<Texts[Id]>, Holes<English[Id]>] extends [Holes<English[Id]>, Holes<Texts[Id]>]
      ? Texts[Id]
      : { readonly holes: Holes<English[Id]> }
    : never
}

/** Returns the texts as they are. A missing key, an extra key, or other holes than the English has do not compile. */
export function translated<const Texts extends Readonly<Record<Key, string>>>(texts: Texts & Checked<Texts>): Texts {
  return texts
}
