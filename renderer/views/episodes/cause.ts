/** The cause by which episodes are filtered, as the address holds it. */
import { isMessage, type Message, message } from '../../../main/messages/message.ts'
import { FAILURE_REASONS, type FailureReason } from '../../../main/store/episode.ts'

/** A failure by its reason, or a fault by its message. */
export type Cause = { readonly reason: FailureReason } | { readonly fault: Message }

/** The cause that the address names; undefined where it names none or an unknown one. */
export function causeOf(query: Readonly<Record<string, string>>): Cause | undefined {
  const reason = FAILURE_REASONS.find((one) => one === query.reason)
  if (reason !== undefined) return { reason }
  const fault = query.fault === undefined ? undefined : messageOf(query.fault)
  return fault === undefined ? undefined : { fault }
}

/** The cause as a message. */
export function causeMessage(cause: Cause): Message {
  return 'fault' in cause ? cause.fault : message(`failure.${cause.reason}`)
}

function messageOf(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isMessage(value) ? value : undefined
  } catch {
    return undefined
  }
}
