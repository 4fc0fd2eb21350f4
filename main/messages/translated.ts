/** Holds a catalogue of another language to the English one, when the project is type-checked. */
import type { ENGLISH } from './en.ts'
import type { Holes } from './message.ts'

type English = typeof ENGLISH
/** Keys of the English catalogue; `_one` is a form that other languages may lack. */
type Key = Exclude<keyof English, `${string}_one`>

/** The catalogue where every text has the holes of its English; else the text's type says which differ. */
type Checked<Texts> = {
  readonly [Id in keyof Texts]: Id extends Key
    ? [Holes<Texts[Id]>, Holes<English[Id]>] extends [Holes<English[Id]>, Holes<Texts[Id]>]
      ? Texts[Id]
      : { readonly holes: Holes<English[Id]> }
    : never
}

/** Returns the texts as they are. What lacks a key, has one too many, or other holes than the English does not compile. */
export function translated<const Texts extends Readonly<Record<Key, string>>>(texts: Texts & Checked<Texts>): Texts {
  return texts
}
