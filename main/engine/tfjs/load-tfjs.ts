/** Loads TensorFlow.js, only when an engine needs it. */
import util from 'node:util'
import { UserError } from '../../messages/error.ts'

export type Tf = typeof import('@tensorflow/tfjs')
export type TfjsBackend = 'node-gpu' | 'wasm' | 'cpu'

/** tfjs's own name of each backend. */
const REGISTERED: Readonly<Record<TfjsBackend, string>> = { 'node-gpu': 'tensorflow', wasm: 'wasm', cpu: 'cpu' }

/** Loads tfjs and starts the backend. Throws with the reason if the backend does not start. */
export async function loadTfjs(backend: TfjsBackend): Promise<Tf> {
  // The full entry: a smaller one registers no gradients. Its Node build is CommonJS, which Node hands over as default.
  const module = await import('@tensorflow/tfjs')
  const tf: Tf = (module as { default?: Tf }).default ?? module
  tf.enableProdMode()
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
  if (backend === 'node-gpu') await importNodeGpu()
  await withoutCrashHandlers(() => chooseBackend(tf, backend))
  return tf
}

/**
 * Makes the backend the current one: tfjs has one for the whole process, and engines may differ. Throws with the reason if
 * it does not start.
 */
export async function chooseBackend(tf: Tf, backend: TfjsBackend): Promise<void> {
  const name = REGISTERED[backend]
  if (tf.getBackend() === name || (await tf.setBackend(name))) return
  // tfjs tells only whether it started. Starting the backend directly throws the reason.
  await tf.findBackendFactory(name)?.()
  throw new UserError('tfjsDidNotStart', { backend })
}

/**
 * Runs `start` and removes the handlers that it adds to the process: the WebAssembly module would rethrow every unhandled
 * rejection, even of others.
 */
async function withoutCrashHandlers(start: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => process.rawListeners(event))
  try {
    await start()
  } finally {
    for (const [index, event] of events.entries()) {
      for (const listener of process.rawListeners(event)) {
        if (!before[index]!.includes(listener)) process.removeListener(event, listener as () => void)
      }
    }
  }
}

async function importNodeGpu(): Promise<void> {
  // The package still calls a function that Node 23 removed.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined })
  // Not a literal: installing the package is the user's choice, so its types may be missing.
  const name: string = '@tensorflow/tfjs-node-gpu'
  await import(name)
}
