/** The policies that are measured, by the ids under which their episodes are kept, and what people call them. */
import { type Message, type MessageId, message } from '../messages/message.ts'

/** What DPO has to beat to earn its place: policies from the same episodes, with the same number of steps. */
export const CONTROLS = ['replay', 'success_sft', 'nll_chosen'] as const
export type Control = (typeof CONTROLS)[number]

export function isControl(arm: string): arm is Control {
  return (CONTROLS as readonly string[]).includes(arm)
}

/** DPO's policy after a round of several. */
const DPO_ROUND = /^dpo_round_(\d+)$/

type NameId = Extract<MessageId, `arm${string}`>

const NAMES = {
  base: 'armBase',
  expert: 'armExpert',
  sft: 'armSft',
  dpo: 'armDpo',
  dpo_before: 'armDpoBefore',
  success_sft: 'armSuccessSft',
  nll_chosen: 'armNllChosen',
  replay: 'armReplay',
} as const satisfies Readonly<Record<string, NameId>>

/** For the heads of narrow columns. */
const SHORT_NAMES = {
  dpo_before: 'armDpoBeforeShort',
  success_sft: 'armSuccessSftShort',
  replay: 'armReplayShort',
} as const satisfies Readonly<Record<string, NameId>>

/** The name of an arm; one that the lab does not know goes by its id. */
export function armName(arm: string): Message {
  const round = DPO_ROUND.exec(arm)?.[1]
  if (round !== undefined) return message('armDpoRound', { round })
  return Object.hasOwn(NAMES, arm) ? message(NAMES[arm as keyof typeof NAMES]) : message('verbatim', { text: arm })
}

/** The same, shorter where there is a shorter one. */
export function shortArmName(arm: string): Message {
  return Object.hasOwn(SHORT_NAMES, arm) ? message(SHORT_NAMES[arm as keyof typeof SHORT_NAMES]) : armName(arm)
}
