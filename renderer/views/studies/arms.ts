/** The names and colours of a study's arms. */
import { studyArmName, studyTone } from '../../../main/evaluation/study/words.ts'
import type { Message } from '../../../main/messages/message.ts'
import type { StudyResult } from '../../lab.ts'
import { armColour } from '../../parts/interval.tsx'

export type StudyArm = StudyResult['arms'][number]

export interface Look {
  readonly name: string
  readonly colour: string
}

/** The look of an arm, by its policy and variant. */
export function lookOf(
  arm: Pick<StudyArm, 'policy' | 'variant'>,
  result: Pick<StudyResult, 'variants'>,
  say: (told: Message) => string,
): Look {
  return { name: say(studyArmName(arm, result)), colour: armColour(studyTone(arm, result)) }
}
