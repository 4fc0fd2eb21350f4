/** Training sets of earlier versions, which kept them as preference files. */
import { shownPath } from '../files/paths.ts'
import type { RoundKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { readText } from './data-file.ts'
import { type FilePair, parsePreferences } from './dataset.ts'
import { asNewPair } from './import.ts'

/**
 * Sets the pairs that a round of a run trains on to those of a file, in the order of the file. If one of these
 * collections had just these pairs at some time, the set is that collection as it was then; otherwise the pairs become
 * pairs of the run's round. Does nothing where the file is missing or empty. Throws UserError with the line of an
 * invalid pair.
 */
export async function adoptTrainingSet(
  store: Store,
  path: string,
  training: RoundKey,
  collections: readonly RoundKey[],
): Promise<void> {
  const { pairs: lines } = await parsePreferences(readText(path) ?? '', shownPath(path))
  if (lines.length === 0) return
  store.transaction(() => {
    for (const collection of collections) {
      const edit = editWith(store, collection, lines)
      if (edit === undefined) continue
      store.pairs.setTrainingSet(training, collection, edit)
      return
    }
    store.pairs.setOwnTrainingSet(training, lines.map(asNewPair))
  })
}

/** The latest correction after which a collection had just these pairs, 0 for none; undefined where it never had. */
function editWith(store: Store, collection: RoundKey, lines: readonly FilePair[]): number | undefined {
  const words = wordsOf(lines)
  const edits = [0, ...store.pairs.editKinds(collection).map(({ id }) => id)]
  return edits.findLast((edit) => wordsOf(store.pairs.keptAt(collection, edit)) === words)
}

function wordsOf(pairs: readonly Pick<FilePair, 'prompt' | 'chosen' | 'rejected'>[]): string {
  return JSON.stringify(pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]))
}
