/** Ctrl-C once stops cleanly; twice quits at once. */

/**
 * npm, npx and the terminal may each pass on the same Ctrl-C. Signals within this time count as one, in milliseconds.
 */
const ONE_PRESS = 700

export interface Stop {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal
  /** Restores the default handling of the signals. */
  release(): void
}

/** Listens for SIGINT, SIGTERM and SIGHUP. The first calls `onStop`; the second ends the process with exit code 130. */
export function stopOnSignals(onStop: () => void): Stop {
  const controller = new AbortController()
  let first = 0
  const onSignal = () => {
    if (!controller.signal.aborted) {
      first = performance.now()
      onStop()
      controller.abort()
    } else if (performance.now() - first > ONE_PRESS) {
      process.exit(130)
    }
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}
