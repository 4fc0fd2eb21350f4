/** An attempt at a task as it is stored, with all that replays, pairs and counts need. */
import { type Message, message } from '../messages/message.ts'

/**
 * success: the page gave raw reward 1. failure: caused by the agent (wrong action, completion that cannot be parsed,
 * out of steps). fault: caused by the browser or the page (crash, hang, time limit); shown, but never paired and never
 * counted.
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
  'tooLong',
  'notDate',
  'notTime',
  'notMonth',
  'notWeek',
  'notDatetime',
  'notNumber',
  'notOnSlider',
  'notColor',
  'noOptions',
  'noSuchOption',
  'optionDisabled',
] as const
export type Obstacle = (typeof OBSTACLES)[number]

/**
 * Why an attempt failed. wrong: the page ended it without full reward. steps: it took as many actions as its task
 * allows. length: the answer reached the token limit. stuck: the scripted expert knew no next action.
 */
export const FAILURE_REASONS = ['wrong', 'steps', 'length', 'stuck', ...PARSE_FAILURES, ...OBSTACLES] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** Whether the attempt failed because the page did not allow an action. */
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

/** Why an attempt ended, as a message. */
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
  /** The user's message: page, task, earlier actions. */
  readonly prompt: string
  /** The raw completion and its tokens, as they were sampled (stop token included). */
  readonly completion: string
  readonly tokens: readonly number[]
  /** Sum of the completion tokens' log-probabilities when it was sampled, in nats. */
  readonly logprob: number
  /** Empty where the completion could not be parsed. */
  readonly thought: string
  readonly action: string
  /** The page's picture, where pictures are stored. */
  readonly shot?: Shot
}

/** A page before an action. */
export interface Shot {
  /**
   * Small JPEG of the area of MiniWoB++ tasks: 160 x 210 CSS pixels from the page's corner, at twice the resolution.
   */
  readonly picture: Uint8Array
  /** Place of the action's element, in CSS pixels; null where there was none or it was not visible. */
  readonly box: Box | null
}

/** A rectangle in the window, in CSS pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A finished attempt, without its steps. */
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
