/** The lab's router over its WebSocket: the one way by which the window learns anything and does anything. */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { type DependencyList, useEffect } from 'react'
import { create } from 'zustand'
import type { Failure } from '../main/messages/error.ts'
import type { LabRouter } from '../main/rpc/router.ts'
import { queries } from './queries.ts'

/** Whether the lab answers. */
export const useConnection = create<{ readonly open: boolean; readonly lost: boolean }>(() => ({
  open: false,
  lost: false,
}))

/** Milliseconds until the next try, the later the longer. */
const RETRY = [200, 500, 1000, 2000, 4000]

const socket = createWSClient({
  url: `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/trpc`,
  retryDelayMs: (attempt) => RETRY[Math.min(attempt, RETRY.length - 1)]!,
  keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 10_000 },
  onOpen() {
    // Whatever changed while nobody listened is asked for again.
    if (useConnection.getState().lost) void queries.invalidateQueries()
    useConnection.setState({ open: true, lost: false })
  },
  onClose() {
    useConnection.setState({ open: false, lost: true })
  },
})

export const lab = createTRPCClient<LabRouter>({ links: [wsLink({ client: socket })] })

/** The error that an answer over HTTP holds: what the lab says, with its messages. */
export async function errorOf(answer: Response): Promise<Error> {
  const text = (await answer.text()).trim()
  if (!answer.headers.get('Content-Type')?.startsWith('application/json')) return new Error(text)
  const { error, messages }: Failure = JSON.parse(text)
  return Object.assign(new Error(error ?? ''), { messages })
}

/** Subscribes for as long as the component is on the screen, and again whenever `dependencies` change. */
export function useStream(subscribe: () => { unsubscribe(): void } | null, dependencies: DependencyList): void {
  useEffect(() => {
    const subscription = subscribe()
    return () => subscription?.unsubscribe()
    // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what the subscription depends on
  }, dependencies)
}
