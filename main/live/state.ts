/** What the live view shows, as plain JSON: the pages that are played on now, and how fast. */
import type { AnswerToken } from '../agent/spectator.ts'
import type { ObservedElement } from '../environment/observation.ts'
import type { Message } from '../messages/message.ts'
import type { Box, Ending } from '../store/episode.ts'

/** How fast attempts go while somebody looks. */
export interface Control {
  /** Milliseconds that an attempt is held before each action. */
  readonly delay: number
  readonly paused: boolean
}

/** 'job': a stage of a run; 'play': one episode that someone tries out. */
export type Played = 'job' | 'play'

/** A recording that the lab closed of itself: its window may come back for it. */
export interface ClosedRecording {
  readonly screen: string
  readonly task: string
  readonly seed: number
  /** 'away': no window looked at it for `minutes`; 'room': another recording needed its page, and none looked at it. */
  readonly why: 'away' | 'room'
  readonly minutes: number
}

export interface LiveState {
  /** The latest, the newest last. */
  readonly closed: readonly ClosedRecording[]
  readonly controls: Readonly<Record<Played, Control>>
  readonly screens: readonly LiveScreen[]
}

/** One page that is played on, by the agent or by hand. */
export interface LiveScreen {
  readonly id: string
  readonly kind: Played | 'record'
  readonly stage: string
  readonly round: number
  /** The policy that plays; '' where its stage has only one. */
  readonly arm: string
  readonly task: string
  /** The task's name for people. */
  readonly title: string
  readonly seed: number
  readonly attempt: number
  /** '' until the problem stands on the page. */
  readonly instruction: string
  /** Answers given so far, or actions recorded. */
  readonly step: number
  readonly horizon: number
  readonly status: 'playing' | 'held' | 'success' | 'failure' | 'fault'
  /** null while it goes on. */
  readonly ending: Ending | null
  readonly answer: LiveAnswer | null
  /** The next answer as far as it has been drawn; none while none is being written, or where nobody looks. */
  readonly drawn: readonly AnswerToken[]
  /** The actions that were done, as they were written; the latest answer's is among them once the episode is over. */
  readonly done: readonly string[]
  readonly recording: Recording | null
}

/** The latest answer: what is about to be done, or was done last. */
export interface LiveAnswer {
  readonly thought: string
  /** '' where the answer is no action. */
  readonly action: string
  readonly text: string
  /** None where no model was asked. */
  readonly tokens: readonly AnswerToken[]
  /** The element it acts on. */
  readonly ref: number | null
  /** Where that element stood, in CSS pixels of the frame; null too where nobody looked. */
  readonly box: Box | null
}

/** What someone does by hand. */
export interface Recording {
  /** The page as the agent would see it. */
  readonly elements: readonly ObservedElement[]
  /** A step keeps its id when others turn out not to be needed. */
  readonly steps: readonly { readonly id: number; readonly thought: string; readonly action: string }[]
  /** The select that was pressed: its options are the viewer's to show, for a browser's own menu is in no frame. */
  readonly ask: { readonly ref: number; readonly name: string; readonly options: readonly string[] } | null
  /** Solved, and solved once more by these steps alone: can be saved. */
  readonly ready: boolean
  /** What the user should know; null where there is nothing to say. */
  readonly said: Message | null
}

/** A picture of a page. */
export interface Frame {
  readonly screen: string
  /** JPEG, base64. */
  readonly jpeg: string
  /** Milliseconds since 1970. */
  readonly at: number
}
