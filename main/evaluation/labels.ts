/** Names of policies in English, for terminal and report. */
import { english } from '../messages/say.ts'
import { armName, shortArmName } from './arms.ts'

export function armLabel(arm: string): string {
  return english(armName(arm))
}

/** For the headings of narrow columns. */
export function shortArmLabel(arm: string): string {
  return english(shortArmName(arm))
}
