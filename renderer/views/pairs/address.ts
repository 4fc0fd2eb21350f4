/** The place in the pairs, kept in the address: round, pair and search. */
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { Round } from '../../lab.ts'
import { choose, type Place, usePlace } from '../../location.ts'

type Query = Place['query']

/** Where the view was left, and which round was the newest then. */
export interface Left {
  readonly newest: Round
  readonly query: Query
}

/**
 * The round that an address names, or the newest; and what the address lacks, null where it names the round in full. The
 * bare address of the view leads back to where one left it, until there is a newer round.
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

/** The round that is shown; undefined until the address names it, or where there is none. */
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

/**
 * Keeps a value in the address, without a step of history. `onOther` is told what the address says instead, when it was
 * opened with that or has come to it by "back" or a link.
 */
export function useAddress(name: string, value: string | undefined, onOther: (said: string) => void): void {
  const said = usePlace().query[name] ?? ''
  const agreed = useRef('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address alone is what is listened to
  useEffect(() => {
    if (said === agreed.current) return
    agreed.current = said
    onOther(said)
  }, [said])
  useEffect(() => {
    if (value === undefined || value === agreed.current) return
    agreed.current = value
    choose({ [name]: value })
  }, [name, value])
}

function isSame(one: Round, other: Round): boolean {
  return one.run === other.run && one.round === other.round
}
