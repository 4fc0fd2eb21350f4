/** An attempt at a task, as it is kept: all that replay, pairing and counting need. */
import { type Message, message } from '../messages/message.ts'

/**
 * success: the page gave raw reward 1. failure: the agent's doing (wrong action, unparseable completion, out of steps).
 * fault: the browser's or page's doing (crash, hang, time limit); shown, never paired, never counted.
 */
export const OUTCOMES = ['success', 'failure', 'fault'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Why a completion is not an action. */
export const PARSE_FAILURES = ['form', 'verb', 'key', 'argument', 'ref', 'mismatch', 'option'] as const
export type ParseFailure = (typeof PARSE_FAILURES)[number]

/** Why the page does not let an action be done. */
export const OBSTACLES = [
  'gone',
  'disabled',
  'covered',
  'noText',
  'readOnly',
  'noFocus',
  'noOptions',
  'noSuchOption',
  'optionDisabled',
] as const
export type Obstacle = (typeof OBSTACLES)[number]

/**
 * Why an attempt failed. wrong: the page ended it without full reward. steps: it took as many actions as its task allows.
 * length: the answer was cut before its end. stuck: the scripted expert knew no next action.
 */
export const FAILURE_REASONS = ['wrong', 'steps', 'length', 'stuck', ...PARSE_FAILURES, ...OBSTACLES] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** Whether the attempt failed at an action that the page did not let be done. */
export function isObstacle(reason: FailureReason): reason is Obstacle {
  return (OBSTACLES as readonly string[]).includes(reason)
}

/** How an attempt ended. */
export type Ending = {
  /** The page's raw reward. */
  readonly reward: number
} & (
  | { readonly outcome: 'success' }
  | { readonly outcome: 'failure'; readonly reason: FailureReason }
  | { readonly outcome: 'fault' /** What broke. */; readonly fault: Message }
)

/** Why an attempt ended as it did, in words. */
export function endingMessage(ending: Ending): Message {
  switch (ending.outcome) {
    case 'success':
      return message('fullReward')
    case 'failure':
      return message(`failure.${ending.reason}`)
    case 'fault':
      return ending.fault
  }
}

export interface Step {
  /** The page as the agent read it (renderPage's text). */
  readonly page: string
  /** The user's message: page, task, what was done. */
  readonly prompt: string
  /** The raw completion, and its tokens as they were sampled (stop token included). */
  readonly completion: string
  readonly tokens: readonly number[]
  /** Sum of the completion tokens' log-probabilities when it was sampled, in nats. */
  readonly logprob: number
  /** Empty where the completion did not parse. */
  readonly thought: string
  readonly action: string
  /** How the page looked, where pictures are kept. */
  readonly shot?: Shot
}

/** How a page looked before an action. */
export interface Shot {
  /** Small JPEG of the part in which MiniWoB++ draws its tasks: 160 x 210 CSS pixels from the page's corner, twice as fine. */
  readonly picture: Uint8Array
  /** Where the element stood that was acted on, in CSS pixels; null where none was, or it was not shown. */
  readonly box: Box | null
}

/** A rectangle in the window, in CSS pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** An attempt that is over, without its steps. */
export type PlayedAttempt = Ending & {
  readonly task: string
  /** Seed of the page's problem. */
  readonly seed: number
  /** 0, 1, ... where the same seed is tried several times. */
  readonly attempt: number
  readonly instruction: string
  /** Wall time, in milliseconds. */
  readonly duration: number
}

export type Episode = PlayedAttempt & { readonly steps: readonly Step[] }
