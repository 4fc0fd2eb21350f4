/** The policies that are evaluated: their ids in the store, and their names for people. */
import { POLICY_GRADIENTS } from '../config/choices.ts'
import type { Config } from '../config/schema.ts'
import { type Message, type MessageId, message } from '../messages/message.ts'

const ALWAYS = ['replay', 'success_sft', 'nll_chosen'] as const

/** The controls that DPO has to beat: policies from the same episodes, with the same number of steps. */
export const CONTROLS = [...ALWAYS, ...POLICY_GRADIENTS] as const
export type Control = (typeof CONTROLS)[number]

/** The controls that a run trains and evaluates. */
export function controlsOf({ controls, policy_gradients }: Config['evaluation']): readonly Control[] {
  const wanted: readonly Control[] = [...(controls ? ALWAYS : []), ...policy_gradients]
  return CONTROLS.filter((control) => wanted.includes(control))
}

export function isControl(arm: string): arm is Control {
  return (CONTROLS as readonly string[]).includes(arm)
}

/** The id of DPO's policy after one of several rounds. */
const DPO_ROUND = /^dpo_round_(\d+)$/

/** Policies in the order of tables and lists: what DPO begins with, what it has to beat, then DPO. */
const ORDER = ['base', 'expert', 'sft', ...CONTROLS, 'hard_negatives', 'dpo_before', 'dpo_round', 'dpo']

/** Compares two arms for sorting: rounds of DPO by their number, and arms that the lab does not know at the end. */
export function compareArms(one: string, other: string): number {
  return placeOf(one) - placeOf(other) || roundOf(one) - roundOf(other)
}

function placeOf(arm: string): number {
  const at = ORDER.indexOf(DPO_ROUND.test(arm) ? 'dpo_round' : arm)
  return at === -1 ? ORDER.length : at
}

function roundOf(arm: string): number {
  return Number(DPO_ROUND.exec(arm)?.[1] ?? 0)
}

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
  rloo: 'armRloo',
  grpo: 'armGrpo',
  hard_negatives: 'armHardNegatives',
} as const satisfies Readonly<Record<string, NameId>>

/** For the headings of narrow columns. */
const SHORT_NAMES = {
  dpo_before: 'armDpoBeforeShort',
  success_sft: 'armSuccessSftShort',
  replay: 'armReplayShort',
} as const satisfies Readonly<Record<string, NameId>>

/** The name of an arm; its id where the lab does not know it. */
export function armName(arm: string): Message {
  const round = DPO_ROUND.exec(arm)?.[1]
  if (round !== undefined) return message('armDpoRound', { round })
  return Object.hasOwn(NAMES, arm) ? message(NAMES[arm as keyof typeof NAMES]) : message('verbatim', { text: arm })
}

/** The same, in its short form if it has one. */
export function shortArmName(arm: string): Message {
  return Object.hasOwn(SHORT_NAMES, arm) ? message(SHORT_NAMES[arm as keyof typeof SHORT_NAMES]) : armName(arm)
}
