/** The running merge. It belongs to the lab, as the job does, so it goes on when no window is open. */

import { readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createStore } from 'zustand/vanilla'
import { readModelConfig } from '../engine/checkpoint/model-files.ts'
import { isGguf } from '../engine/gguf/parts.ts'
import { shownPath } from '../files/paths.ts'
import { type Failure, failureOf, NO_FAILURE, UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import type { Message } from '../messages/message.ts'
import type { MergeForm } from './forms.ts'
import { checkTarget, type MergeOptions, mergeAdapter } from './merge.ts'
import { ggufBytes } from './merge-gguf.ts'

export interface MergeRequest {
  /** The base model, the adapter's folder, and the new folder or file, whose parent must exist. */
  readonly base: string
  readonly adapter: string
  readonly target: string
  readonly form: MergeForm
}

export interface MergeState {
  /** The running merge; null where there is none. */
  readonly current: {
    readonly adapter: string
    readonly target: string
    /** Tensors written so far, and in all. */
    readonly done: number
    readonly total: number
    readonly stopping: boolean
  } | null
  /** How the last merge of this lab ended; null before the first. */
  readonly last:
    | (Failure & {
        readonly target: string
        readonly status: 'done' | 'stopped' | 'failed'
        /** What is odd about the base model or the adapter. */
        readonly notes: readonly Message[]
        /** Milliseconds since 1970. */
        readonly ended: number
      })
    | null
}

type Merge = (base: string, adapter: string, target: string, options: MergeOptions) => Promise<void>

/** Does one merge at a time, and reports its state to subscribers. */
export class Merges {
  readonly #merge: Merge
  readonly #store = createStore<MergeState>(() => ({ current: null, last: null }))
  /** Calls a listener after every change with the new state. Returns a function that ends the subscription. */
  readonly subscribe = this.#store.subscribe
  #work: { readonly stop: AbortController; readonly settled: Promise<void> } | undefined

  constructor(merge: Merge = mergeAdapter) {
    this.#merge = merge
  }

  get state(): MergeState {
    return this.#store.getState()
  }

  /**
   * Starts a merge and returns at once. Throws UserError while another is running, where the target is not possible,
   * and where the disk is too full.
   */
  start({ base, adapter, target, form }: MergeRequest): MergeState {
    if (this.state.current !== null) {
      throw new UserError('mergeAtWork', { target: this.state.current.target })
    }
    checkTarget(base, adapter, target, form)
    checkRoom(base, target, form)
    const stop = new AbortController()
    const shown = { adapter: shownPath(adapter), target: shownPath(target) }
    const notes: Message[] = []
    const merging = this.#merge(base, adapter, target, {
      form,
      signal: stop.signal,
      warn: (note) => notes.push(note),
      onProgress: (done, total) => {
        if (this.state.current !== null) this.#store.setState({ current: { ...this.state.current, done, total } })
      },
    })
    const end = (status: 'done' | 'stopped' | 'failed', failure: Failure) => {
      this.#work = undefined
      this.#store.setState({
        current: null,
        last: { target: shown.target, status, notes, ...failure, ended: Date.now() },
      })
    }
    const settled = merging.then(
      () => end('done', NO_FAILURE),
      (error: unknown) => (stop.signal.aborted ? end('stopped', NO_FAILURE) : end('failed', failureOf(error))),
    )
    this.#work = { stop, settled }
    this.#store.setState({ current: { ...shown, done: 0, total: 0, stopping: false } })
    return this.state
  }

  /** Stops the merge and removes what it has written. Does nothing where there is no merge. */
  stop(): MergeState {
    if (this.state.current !== null) this.#store.setState({ current: { ...this.state.current, stopping: true } })
    this.#work?.stop.abort()
    return this.state
  }

  /** Resolves when no merge is running any more. */
  async rest(): Promise<void> {
    await this.#work?.settled
  }
}

function checkRoom(base: string, target: string, form: MergeForm): void {
  const needed = bytesOf(base, form)
  const { bavail, bsize } = statfsSync(dirname(target))
  if (bavail * bsize >= needed) return
  throw new UserError('mergeNeedsRoom', {
    folder: shownPath(dirname(target)),
    needed: gb(needed),
    free: gb(bavail * bsize),
  })
}

/** About how large the merged model is. */
function bytesOf(base: string, form: MergeForm): number {
  if (form !== 'safetensors') return ggufBytes(readModelConfig(base), form)
  // A checkpoint that comes from blocks of fewer bits is in F16.
  if (isGguf(base)) return ggufBytes(readModelConfig(base), 'F16')
  return readdirSync(base)
    .filter((name) => name.endsWith('.safetensors'))
    .reduce((sum, name) => sum + statSync(join(base, name)).size, 0)
}
