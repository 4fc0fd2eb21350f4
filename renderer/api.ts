/**
 * The window's connection to the lab: its tRPC router over a WebSocket. Everything the window reads or does goes
 * through it.
 */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { type DependencyList, useEffect } from 'react'
import { create } from 'zustand'
import type { Failure } from '../main/messages/error.ts'
import type { LabRouter } from '../main/rpc/router.ts'
import { queries } from './queries.ts'
import { refuseLong } from './request-length.ts'

/** Whether the connection to the lab is open, and whether it was lost. */
export const useConnection = create<{ readonly open: boolean; readonly lost: boolean }>(() => ({
  open: false,
  lost: false,
}))

/** Milliseconds before each reconnection attempt. */
const RETRY = [200, 500, 1000, 2000, 4000]

const socket = createWSClient({
  url: `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/trpc`,
  retryDelayMs: (attempt) => RETRY[Math.min(attempt, RETRY.length - 1)]!,
  keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 10_000 },
  onOpen() {
    // Whatever changed while the connection was closed is fetched again.
    if (useConnection.getState().lost) void queries.invalidateQueries()
    useConnection.setState({ open: true, lost: false })
  },
  onClose() {
    useConnection.setState({ open: false, lost: true })
  },
})

export const lab = createTRPCClient<LabRouter>({ links: [refuseLong, wsLink({ client: socket })] })

/** The error in an HTTP answer, with the lab's messages. */
export async function errorOf(answer: Response): Promise<Error> {
  const text = (await answer.text()).trim()
  if (!answer.headers.get('Content-Type')?.startsWith('application/json')) return new Error(text)
  const { error, messages }: Failure = JSON.parse(text)
  return Object.assign(new Error(error ?? ''), { messages })
}

/** Subscribes while the component is mounted, and again whenever `dependencies` change. */
export function useStream(subscribe: () => { unsubscribe(): void } | null, dependencies: DependencyList): void {
  useEffect(() => {
    const subscription = subscribe()
    return () => subscription?.unsubscribe()
    // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what the subscription depends on
  }, dependencies)
}
