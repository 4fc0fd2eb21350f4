/**
 * Interfaces for watching attempts. A spectator is told what happens, and may delay an attempt so that people can
 * follow it. It never changes what the agent does.
 */
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import type { Ending } from '../store/episode.ts'

/** One attempt in progress. It is the same object from its beginning to its end. */
export interface Attempt {
  readonly task: Task
  readonly seed: number
  readonly attempt: number
  /** The page it is played on. */
  readonly session: Session
}

/** The agent's answer to a page. */
export interface Answer {
  readonly observation: Observation
  readonly text: string
  readonly thought: string
  /** The action as the agent wrote it; '' where the answer is no action. */
  readonly written: string
  /** null where the answer is no action. */
  readonly action: Action | null
  /** The tokens of the answer, with the stop token; none where no model was asked, for an expert or a person. */
  tokens(): AnswerToken[]
}

export interface AnswerToken {
  /** '' for the stop token, and for a token that completes no character. */
  readonly text: string
  /** log p under the untempered policy, in nats. */
  readonly logprob: number
}

export interface Spectator {
  /** Whether it wants to be told of tokens as they are generated. */
  readonly listens: boolean
  /** The attempt's page shows the problem. */
  began(attempt: Attempt, observation: Observation): void
  /** The attempt's next answer has one more token. `soFar` returns the answer up to it. */
  drawn(attempt: Attempt, soFar: () => AnswerToken[]): void
  /** The model has generated so many tokens: answers of one attempt or of several, and samples that no attempt uses. */
  generated(tokens: number): void
  /**
   * The agent has answered and has not acted yet. It acts when the promise resolves, or at once if there is none. A
   * rejection cancels the attempt. `signal` is aborted when the attempt is cancelled.
   */
  decided(attempt: Attempt, answer: Answer, signal: AbortSignal): Promise<void> | undefined
  /** The attempt is over. Its page is reused when the promise resolves, or at once if there is none. */
  ended(attempt: Attempt, ending: Ending, signal: AbortSignal): Promise<void> | undefined
}

/** What is being played, for display: a stage of a run and its arm, or an episode that somebody tries out. */
export interface Programme {
  readonly stage: string
  readonly round: number
  /** The policy that plays: sft, dpo, expert ...; '' where the stage has only one. */
  readonly arm: string
}

/** Makes spectators, one for each programme. */
export interface Audience {
  spectator(programme: Programme): Spectator
  /** Nobody plays until the next spectator is made. */
  rest(): void
  /** The pages of these spectators are closed. */
  leave(): void
}
