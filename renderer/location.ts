/** The current view and what is chosen in it. Both are kept in the address, so a reload restores them. */
import { create } from 'zustand'

export const VIEWS = ['pipeline', 'live', 'pairs', 'training', 'results', 'episodes', 'runs', 'studies'] as const
export type View = (typeof VIEWS)[number]

export interface Place {
  readonly view: View
  /** What is chosen in the view: run, pair, filter. */
  readonly query: Readonly<Record<string, string>>
}

/** Reads `#/pairs?run=3`. Any other text gives the pipeline view. */
export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const view = VIEWS.find((one) => one === path) ?? 'pipeline'
  return { view, query: Object.fromEntries(new URLSearchParams(query)) }
}

/** The address of a place. Empty and undefined values are left out. */
export function hrefOf(view: View, query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  const search = new URLSearchParams(entries).toString()
  return `#/${view}${search === '' ? '' : `?${search}`}`
}

const usePlaceStore = create<Place>(() => readPlace(window.location.hash))
window.addEventListener('hashchange', () => usePlaceStore.setState(readPlace(window.location.hash), true))

/** The place the address names now. */
export function usePlace(): Place {
  return usePlaceStore()
}

/** Goes to a view, as a new entry in the browser's history. */
export function goTo(view: View, query?: Readonly<Record<string, string | number | undefined>>): void {
  window.location.hash = hrefOf(view, query)
}

/** Changes the choices in the view without a new entry in the history. */
export function choose(changes: Readonly<Record<string, string | number | undefined>>): void {
  const { view, query } = readPlace(window.location.hash)
  window.history.replaceState(null, '', hrefOf(view, { ...query, ...changes }))
  usePlaceStore.setState(readPlace(window.location.hash), true)
}
