/** Which messages of a run are warnings: something that a person may want to change before the run goes on. */
import type { MessageId } from './message.ts'

const WARNINGS = [
  'promptChanged',
  'configChanged',
  'memoryShort',
  'memoryShortLater',
  'smallModelRates',
  'truncated',
  'noExpert',
  'fewPairs',
  'noSuccesses',
  'goldenKept',
  'goldenOtherSystem',
  'goldenUnreadable',
  'preferencesFixed',
  'laterRoundWithoutPairs',
  'sftAlone',
  'someBroke',
  'baseSilent',
  'adapterOtherName',
  'adapterOtherPrompt',
  'adapterOtherWording',
] as const satisfies readonly MessageId[]

/** Whether a message that a run tells is a warning. */
export function isWarning({ id }: { readonly id: string }): boolean {
  return WARNINGS.some((known) => known === id)
}
