/** Refuses requests that are too long for the lab: it would close the connection, which the window would open again to ask once more. */
import { TRPCClientError, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import i18next from 'i18next'
import type { LabRouter } from '../main/rpc/router.ts'

/** Longest input in bytes. With what is around it, it stays below the longest message of main/rpc/socket.ts. */
const MOST = (1 << 20) - 1024

export const refuseLong: TRPCLink<LabRouter> =
  () =>
  ({ op, next }) =>
    isTooLong(op.input)
      ? observable((observer) => observer.error(TRPCClientError.from(new Error(i18next.t('app.tooLong')))))
      : next(op)

/** Whether an input is too long once it is written. */
export function isTooLong(input: unknown, most = MOST): boolean {
  const text = JSON.stringify(input) ?? ''
  // No letter has more than three bytes a unit of UTF-16.
  return text.length > most || (3 * text.length > most && new TextEncoder().encode(text).length > most)
}
