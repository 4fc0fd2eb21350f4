/** Ticks for subscriptions: one at once, then one after each change of a store. */
import { setTimeout } from 'node:timers/promises'
import type { StoreApi } from 'zustand/vanilla'

export interface Pace {
  /** Shortest time between two ticks, in milliseconds. */
  readonly atMost?: number
  /** Longest time without a tick, in milliseconds. By default only changes tick. */
  readonly atLeast?: number
}

/**
 * Ends when the signal is aborted. Changes that come close together give one tick; the last change always gives one.
 */
export async function* changes(
  store: Pick<StoreApi<unknown>, 'subscribe'>,
  signal: AbortSignal | undefined,
  { atMost = 50, atLeast }: Pace,
): AsyncGenerator<void> {
  let next = Promise.withResolvers<void>()
  const wake = () => next.resolve()
  const leave = store.subscribe(wake)
  signal?.addEventListener('abort', wake, { once: true })
  const timer = atLeast === undefined ? undefined : setInterval(wake, atLeast)
  try {
    while (signal?.aborted !== true) {
      next = Promise.withResolvers<void>()
      yield
      await next.promise
      await setTimeout(atMost)
    }
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', wake)
    leave()
  }
}
