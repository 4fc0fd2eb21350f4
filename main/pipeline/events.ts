/** What a run tells whoever watches it: the terminal, a script that reads JSON lines, a window. */
import type { Metrics } from '../training/optimize.ts'
import type { Said } from './messages.ts'

export type StageStatus = 'running' | 'done' | 'skipped' | 'stopped' | 'failed'

export type LabEvent =
  | {
      readonly event: 'run'
      readonly run: number
      readonly name: string
      readonly command: string
      readonly resumed: boolean
    }
  | {
      readonly event: 'stage'
      readonly stage: string
      readonly title: string
      readonly round: number
      readonly status: StageStatus
      /** Wall time of all its sittings so far. */
      readonly seconds: number
      /** What it found, once it is done. */
      readonly result: unknown
    }
  | {
      readonly event: 'progress'
      readonly stage: string
      readonly round: number
      readonly done: number
      readonly total: number
      /** What is counted: episodes, steps. */
      readonly unit: string
      /** Units a second; 0 until the first is done. */
      readonly rate: number
      /** Seconds still to go at that rate; null until the first is done. */
      readonly eta: number | null
    }
  /** A line worth keeping on the screen: in English, and as what it was made from, where it is not of an older lab. */
  | ({
      readonly event: 'message'
      readonly stage: string
      readonly round: number
    } & (Said | { readonly text: string; readonly id?: undefined }))
  | {
      readonly event: 'metrics'
      readonly stage: string
      readonly round: number
      readonly arm: string
      readonly step: number
      readonly metrics: Metrics
    }
  | {
      readonly event: 'end'
      readonly run: number
      readonly status: 'done' | 'stopped' | 'failed'
      readonly seconds: number
      /** What it failed with: a sentence for the user, or the stack of a bug; null where it did not fail. */
      readonly error: string | null
    }

export type Emit = (event: LabEvent) => void
