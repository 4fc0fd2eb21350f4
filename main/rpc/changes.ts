/** Ticks for subscriptions: at once, then whenever a store has changed. */
import { setTimeout } from 'node:timers/promises'
import type { StoreApi } from 'zustand/vanilla'

export interface Pace {
  /** Least time between two ticks, in milliseconds. */
  readonly atMost?: number
  /** Longest time without a tick, in milliseconds; without it only changes tick. */
  readonly atLeast?: number
}

/** Ends when the signal is aborted. Changes that come close together make one tick; the last one is never lost. */
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
