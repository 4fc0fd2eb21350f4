/** Names of policies in English, as terminal and report have them. */
import { english } from '../messages/say.ts'
import { armName, shortArmName } from './arms.ts'

export function armLabel(arm: string): string {
  return english(armName(arm))
}

/** For the heads of narrow columns. */
export function shortArmLabel(arm: string): string {
  return english(shortArmName(arm))
}
