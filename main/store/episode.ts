/** An attempt at a task, as it is kept: all that replay, pairing and counting need. */

/**
 * success: the page gave raw reward 1. failure: the agent's doing (wrong action, unparseable completion, out of steps).
 * fault: the browser's or page's doing (crash, hang, time limit); shown, never paired, never counted.
 */
export type Outcome = 'success' | 'failure' | 'fault'

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

export interface Episode {
  readonly task: string
  /** Seed of the page's problem. */
  readonly seed: number
  /** 0, 1, ... where the same seed is tried several times. */
  readonly attempt: number
  readonly instruction: string
  readonly outcome: Outcome
  /** 'reward', 'wrong', 'steps', or a ParseFailure for a failure; what broke for a fault. */
  readonly reason: string
  /** The page's raw reward. */
  readonly reward: number
  readonly steps: readonly Step[]
  /** Wall time, in milliseconds. */
  readonly duration: number
}
