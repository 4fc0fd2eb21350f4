/** What a run tells whoever watches it: the terminal, a script that reads JSON lines, a window. */
import type { Failure } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { Metrics } from '../training/optimize.ts'

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
      /** What is counted, in English: episodes, steps. */
      readonly unit: string
      /** The same for the reader's language. */
      readonly counted: Message
      /** Units a second; 0 until the first is done. */
      readonly rate: number
      /** Seconds still to go at that rate; null until the first is done. */
      readonly eta: number | null
    }
  /** A message worth keeping on the screen, and its English, by which the log is searched. */
  | (Message & {
      readonly event: 'message'
      readonly stage: string
      readonly round: number
      readonly text: string
    })
  | {
      readonly event: 'metrics'
      readonly stage: string
      readonly round: number
      readonly arm: string
      readonly step: number
      readonly metrics: Metrics
    }
  | (Failure & {
      readonly event: 'end'
      readonly run: number
      readonly status: 'done' | 'stopped' | 'failed'
      readonly seconds: number
    })

export type Emit = (event: LabEvent) => void

/** Tells messages as events of a stage and its round. */
export function teller(emit: Emit, place: { readonly stage: string; readonly round: number }): (told: Message) => void {
  return (told) => emit({ event: 'message', ...place, ...told, text: english(told) })
}

/** The same for messages that are made where they are said. */
export function sayer(emit: Emit, place: { readonly stage: string; readonly round: number }): Say {
  const tell = teller(emit, place)
  return (id, ...given) => tell(message(id, ...given))
}
