/** The current view and what is chosen in it. Both are kept in the address, so a reload restores them. */
import { create } from 'zustand'

export const VIEWS = [
  'pipeline',
  'live',
  'pairs',
  'training',
  'results',
  'episodes',
  'runs',
  'studies',
  'tasks',
] as const
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

const usePlaceStore = create<Place>(placeNow)
window.addEventListener('hashchange', () => usePlaceStore.setState(placeNow(), true))

/** The place that the address names. An address of no view becomes that of the view that is shown for it. */
function placeNow(): Place {
  const { hash } = window.location
  const place = readPlace(hash)
  if (hash === '' || hash.replace(/\?.*$/, '') === `#/${place.view}`) return place
  window.history.replaceState(null, '', hrefOf(place.view))
  return { view: place.view, query: {} }
}

/** The place the address names now. */
export function usePlace(): Place {
  return usePlaceStore()
}

/** Goes to a view, as a new entry in the browser's history. */
export function goTo(view: View, query?: Readonly<Record<string, string | number | undefined>>): void {
  window.location.hash = hrefOf(view, query)
}

/**
 * A `goTo` for what ends later than it was asked for, such as a save. It does nothing once the reader has left the place where this
 * was called.
 */
export function goToFromHere(): typeof goTo {
  const { hash } = window.location
  return (view, query) => {
    if (window.location.hash === hash) goTo(view, query)
  }
}

type Choices = Readonly<Record<string, string | number | undefined>>

/**
 * Changes the choices in the view without a new entry in the history: for what is typed, and for what is moved through, such as
 * the rows of a list.
 */
export function choose(changes: Choices): void {
  const to = hrefAfter(changes)
  window.history.replaceState(null, '', to)
  usePlaceStore.setState(readPlace(to), true)
}

/** Changes the choices in the view as a new entry in the history, so that "back" takes it back. */
export function visit(changes: Choices): void {
  const to = hrefAfter(changes)
  if (to === window.location.hash) return
  window.history.pushState(null, '', to)
  usePlaceStore.setState(readPlace(to), true)
}

function hrefAfter(changes: Choices): string {
  const { view, query } = readPlace(window.location.hash)
  return hrefOf(view, { ...query, ...changes })
}
