/** The ways to make pairs of attempts, by the names of the configuration. */
import type { Contrasts } from '../config/choices.ts'
import type { Episode } from '../store/episode.ts'
import { type BuiltPairs, buildPairs } from './pairs.ts'
import { buildStatePairs } from './states.ts'

/** The pairs of a collection's episodes. */
export function pairsOf(contrasts: Contrasts, episodes: readonly Episode[]): BuiltPairs {
  return contrasts === 'states' ? buildStatePairs(episodes) : buildPairs(episodes)
}
