/** Which failures of a run last: they come again where it resumes, because a resumed run keeps the settings that it began with. */
import type { MessageId } from './message.ts'

const LASTING = [
  'taskUnknown',
  'placesSame',
  'precisionNeedsCard',
  'precisionNeedsNative',
  'firstRoundWithoutPairs',
  'allTooLong',
  'lengthsOverModel',
  'sequenceTooLong',
  'lossNotFinite',
  'gradientNotFinite',
  'trainingSetLost',
] as const satisfies readonly MessageId[]

/** Whether a run that failed with these messages must fail again where it resumes. */
export function isLasting(messages: readonly { readonly id: string }[]): boolean {
  return messages.some(({ id }) => LASTING.some((known) => known === id))
}
