/** Asks before an answer is saved that the agent could not act on. */
import type { Message } from '../../../main/messages/message.ts'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { tellError } from '../../shell/notices.tsx'
import { ask } from '../../shell/question.tsx'

/** Whether to save `chosen` as the chosen answer of a pair. `say` puts the lab's reason into the reader's language. */
export async function isWanted(
  { id, chosen: before }: Answers['pairs']['get']['pair'],
  chosen: string,
  say: (told: Message) => string,
): Promise<boolean> {
  if (chosen === before) return true
  try {
    const doubt = await lab.pairs.doubt.query({ id, chosen })
    if (doubt === null) return true
    const answer = await ask({
      title: (t) => t('pairs.doubt'),
      text: (t) => [say(doubt), t('pairs.doubtText')].join(t('app.apart')),
      offers: [{ answer: 'save', label: (t) => t('pairs.saveAnyway'), loses: true }],
    })
    return answer === 'save'
  } catch (error) {
    tellError(error)
    return false
  }
}
