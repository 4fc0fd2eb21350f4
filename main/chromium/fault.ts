import { type Given, type Message, type MessageId, message } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { english } from '../messages/say.ts'
import { runningTime } from './clock.ts'

/** A failure of the browser or of a page: a crash, a hang, the time limit. The error's `message` is the fault in English. */
export class EnvironmentFault<Id extends MessageId = MessageId> extends Error {
  override readonly name = 'EnvironmentFault'
  readonly fault: Message

  constructor(id: Id, ...given: Given<Id>) {
    const fault = message(id, ...given)
    super(english(fault))
    this.fault = fault
  }
}

/** The message for what broke: that of a fault, or the first line of another error. */
export function faultOf(error: unknown): Message {
  if (error instanceof EnvironmentFault) return error.fault
  return message('verbatim', { text: reasonOf(error) })
}

/** What the lab waits for in pages and browsers, by the ids of the messages that name it. */
export type Work = MessageId extends infer Id ? (Id extends `work.${infer Name}` ? Name : never) : never

/**
 * Settles as `promise` does, or rejects with an EnvironmentFault that names `work` when this process has waited for
 * `limit` milliseconds. Time in which the process stood still does not count.
 */
export async function within<T>(limit: number, work: Work, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const end = runningTime() + limit
  const late = new Promise<never>((_, reject) => {
    const look = () => {
      const left = end - runningTime()
      if (left > 0) timer = setTimeout(look, left)
      else reject(new EnvironmentFault('tookTooLong', { work: message(`work.${work}`), limit }))
    }
    timer = setTimeout(look, limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    // The promise may still reject after the limit, when the page is closed. Nobody waits for that.
    promise.catch(() => {})
  }
}
