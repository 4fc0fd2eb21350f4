/** Why a run failed, as its log has it. */
import { z } from 'zod'
import type { Failure } from '../messages/error.ts'
import { isMessage, type Message } from '../messages/message.ts'
import type { Store } from './store.ts'

const ended = z.object({ error: z.string(), messages: z.array(z.custom<Message>(isMessage)).default([]) })

/** Why a run failed the last time; null where its log does not say it. Of a bug the first line, without its stack. */
export function failureOfRun(store: Store, run: number): Failure | null {
  const { data } = ended.safeParse(store.events.last(run, 'end')?.event)
  if (data === undefined) return null
  return data.messages.length > 0 ? data : { error: data.error.split('\n', 1)[0]!, messages: [] }
}
