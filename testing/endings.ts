/** An ending of each outcome, for tests in which the reason does not matter. */
import { message } from '../main/messages/message.ts'
import type { Ending, Outcome } from '../main/store/episode.ts'

export const ENDINGS: Readonly<Record<Outcome, Ending>> = {
  success: { outcome: 'success', reward: 1 },
  failure: { outcome: 'failure', reason: 'wrong', reward: 0 },
  fault: { outcome: 'fault', fault: message('pageCrashed'), reward: 0 },
}
