/** The state of the live view, as plain JSON: the pages in use, and their speed. */
import type { AnswerToken } from '../agent/spectator.ts'
import type { ObservedElement } from '../environment/observation.ts'
import type { Message } from '../messages/message.ts'
import type { Box, Ending } from '../store/episode.ts'

/** The speed of attempts while somebody watches. */
export interface Control {
  /** Milliseconds that an attempt waits before each action. */
  readonly delay: number
  readonly paused: boolean
}

/** 'job': a stage of a run; 'play': one episode that somebody tries out. */
export type Played = 'job' | 'play'

/** A recording that the lab closed by itself. Its window may ask for it. */
export interface ClosedRecording {
  readonly screen: string
  readonly task: string
  readonly seed: number
  /** 'away': no window watched it for `minutes`; 'room': another recording needed its page, and nobody watched it. */
  readonly why: 'away' | 'room'
  readonly minutes: number
}

export interface LiveState {
  /** The latest closed recordings, the newest last. */
  readonly closed: readonly ClosedRecording[]
  readonly controls: Readonly<Record<Played, Control>>
  /** Whether a run plays now. Otherwise its screens show what it played last. */
  readonly jobPlays: boolean
  /** Milliseconds that each page of a run shows a problem at least; 0 where it shows every one. */
  readonly turn: number
  readonly screens: readonly LiveScreen[]
}

/** One page in use, by the agent or by a person. */
export interface LiveScreen {
  readonly id: string
  readonly kind: Played | 'record'
  readonly stage: string
  readonly round: number
  /** The policy that plays; '' where the stage has only one. */
  readonly arm: string
  readonly task: string
  /** The task's name for people. */
  readonly title: string
  readonly seed: number
  readonly attempt: number
  /** '' until the page shows the problem. */
  readonly instruction: string
  /** The number of answers so far, or of recorded actions. */
  readonly step: number
  readonly horizon: number
  readonly status: 'playing' | 'held' | 'success' | 'failure' | 'fault'
  /** null while the episode goes on. */
  readonly ending: Ending | null
  readonly answer: LiveAnswer | null
  /** The next answer as far as it has been generated; empty while none is being generated, or nobody watches. */
  readonly drawn: readonly AnswerToken[]
  /** The actions so far, as they were written. The latest answer's is among them once the episode is over. */
  readonly done: readonly string[]
  /** Something odd about the policy that plays; null where there is nothing. */
  readonly note: Message | null
  readonly recording: Recording | null
}

/** The latest answer, whose action comes next or was done last. */
export interface LiveAnswer {
  readonly thought: string
  /** '' where the answer has no action. */
  readonly action: string
  readonly text: string
  /** Empty where no model was asked. */
  readonly tokens: readonly AnswerToken[]
  /** The element that it acts on. */
  readonly ref: number | null
  /** The place of that element, in CSS pixels of the frame; null where it is unknown or nobody watched. */
  readonly box: Box | null
}

/** A recording by hand. */
export interface Recording {
  /** The page as the agent would see it. */
  readonly elements: readonly ObservedElement[]
  /** A step keeps its id when other steps are left out. */
  readonly steps: readonly { readonly id: number; readonly thought: string; readonly action: string }[]
  /**
   * The select that was pressed. The viewer must show its options, because the browser's own menu is not in the
   * pictures.
   */
  readonly ask: { readonly ref: number; readonly name: string; readonly options: readonly string[] } | null
  /** Whether the recording can be saved: the task is solved, and a replay of the steps solved it again. */
  readonly ready: boolean
  /** A message for the user; null where there is none. */
  readonly said: Message | null
}

/** A page as viewers see it at one moment. Everything in it is of the same problem: picture, caption and outcome. */
export interface Sight {
  readonly screen: Omit<LiveScreen, 'recording'>
  /** A picture of that problem, as JPEG in base64; null before the first one. */
  readonly jpeg: string | null
}
