import { type Given, type Message, type MessageId, message } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { english } from '../messages/say.ts'

/**
 * The browser's or the page's doing, not the agent's: a crash, a hang, the time limit. The episode in which it happens
 * is kept and shown, but never paired and never counted. The error's `message` is the fault in English.
 */
export class EnvironmentFault<Id extends MessageId = MessageId> extends Error {
  override readonly name = 'EnvironmentFault'
  readonly fault: Message

  constructor(id: Id, ...given: Given<Id>) {
    const fault = message(id, ...given)
    super(english(fault))
    this.fault = fault
  }
}

/** What broke, as a message: that of a fault, or the first line of another error. */
export function faultOf(error: unknown): Message {
  if (error instanceof EnvironmentFault) return error.fault
  return message('verbatim', { text: reasonOf(error) })
}

/** What the lab waits for in pages and browsers, by the messages that name it. */
export type Work = MessageId extends infer Id ? (Id extends `work.${infer Name}` ? Name : never) : never

/** Settles as `promise` does, or rejects with an EnvironmentFault that names `work` once `limit` milliseconds have passed. */
export async function within<T>(limit: number, work: Work, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fault = () => new EnvironmentFault('tookTooLong', { work: message(`work.${work}`), limit })
    timer = setTimeout(() => reject(fault()), limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    // It may still fail after the limit, when the page is closed: nobody waits for that.
    promise.catch(() => {})
  }
}
