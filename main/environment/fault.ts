/** Plays again what the browser or the page broke, because that is no failure of the agent. */
import { EnvironmentFault } from '../chromium/fault.ts'
import type { Message, MessageId } from '../messages/message.ts'

/**
 * How often an episode is played when the browser or the page breaks it. Then it counts as a fault: it is stored and shown,
 * but never paired and never counted. Each try with a page that does not answer takes a whole time limit, so it gets fewer.
 */
export const TRIES = { broken: 5, late: 3 }

/** What a page does at a seed on every machine, whatever happens around it. */
const OWN: readonly MessageId[] = ['pageWithoutCore', 'pageAnswerWrong', 'episodeOverAtOnce']

/** How often an episode with this fault is played in all, in the hope that it passes. */
export function triesFor({ id }: Message): number {
  if (OWN.includes(id)) return 1
  return id === 'tookTooLong' ? TRIES.late : TRIES.broken
}

/** What `play` returns. When it throws a fault, it is called again, as often as `triesFor` allows. */
export async function untilUnbroken<T>(signal: AbortSignal, play: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time++) {
    try {
      return await play()
    } catch (error) {
      if (!(error instanceof EnvironmentFault)) throw error
      // Stopping may close the browser.
      signal.throwIfAborted()
      if (time >= triesFor(error.fault)) throw error
    }
  }
}
