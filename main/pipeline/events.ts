/** The events that a run reports to its viewers: the terminal, a script that reads JSON lines, a window. */
import type { Failure } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { Metrics } from '../training/terms.ts'

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
      /** Wall time so far, over all resumptions. */
      readonly seconds: number
      /** The result, once the stage is done. */
      readonly result: unknown
    }
  | {
      readonly event: 'progress'
      readonly stage: string
      readonly round: number
      readonly done: number
      readonly total: number
      /** The unit of what is counted, in English: episodes, steps. */
      readonly unit: string
      /** The unit as a message, for the reader's language. */
      readonly counted: Message
      /** Units per second; 0 until the first is done. */
      readonly rate: number
      /** Seconds left at that rate; null until the first is done. */
      readonly eta: number | null
    }
  /** A message to keep on the screen, and its English, in which the log is searched. */
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

/** Returns a function that reports messages as events of a stage and its round. */
export function teller(emit: Emit, place: { readonly stage: string; readonly round: number }): (told: Message) => void {
  return (told) => emit({ event: 'message', ...place, ...told, text: english(told) })
}

/** The same for a message that is given by id and values. */
export function sayer(emit: Emit, place: { readonly stage: string; readonly round: number }): Say {
  const tell = teller(emit, place)
  return (id, ...given) => tell(message(id, ...given))
}
