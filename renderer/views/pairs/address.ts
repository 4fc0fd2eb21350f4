/** The round of pairs, kept in the address. */
import { useLayoutEffect } from 'react'
import type { Round } from '../../lab.ts'
import { choose, type Place, usePlace } from '../../location.ts'

type Query = Place['query']

/** The address at which the reader left the view, and the newest round at that time. */
export interface Left {
  readonly newest: Round
  readonly query: Query
}

/**
 * The round that an address names, or the newest; and what the address must add, or null where it names the round in
 * full. The view's bare address leads back to where the reader left it, until there is a newer round.
 */
export function roundOf<R extends Round>(
  rounds: readonly R[],
  query: Query,
  left: Left | null,
): { readonly round: R | undefined; readonly lacks: Record<string, string | number | undefined> | null } {
  const [newest] = rounds
  if (newest === undefined) return { round: undefined, lacks: null }
  const isBack = Object.keys(query).length === 0 && left !== null && isSame(left.newest, newest)
  const wanted = isBack ? left.query : query
  const ofRun = rounds.filter(({ run }) => String(run) === wanted.run)
  const round = ofRun.find((one) => String(one.round) === (wanted.round ?? '1')) ?? ofRun[0] ?? newest
  const isNamed = wanted.run === String(round.run) && wanted.round === String(round.round)
  if (isNamed) return { round, lacks: isBack ? left.query : null }
  return { round, lacks: { run: round.run, round: round.round, pair: undefined } }
}

let left: Left | null = null

/** The round to show; undefined until the address names it, or where there is no round. */
export function useRound<R extends Round>(rounds: readonly R[]): R | undefined {
  const { view, query } = usePlace()
  const { round, lacks } = roundOf(rounds, query, left)
  const isHere = view === 'pairs'
  useLayoutEffect(() => {
    if (!isHere) return
    if (lacks !== null) choose(lacks)
    else if (rounds[0] !== undefined) left = { newest: rounds[0], query }
  })
  return lacks === null || !isHere ? round : undefined
}

function isSame(one: Round, other: Round): boolean {
  return one.run === other.run && one.round === other.round
}
