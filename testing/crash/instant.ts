/** Chooses where a step is killed: at a random instant, or exactly at a call that changes the disk. */
import { CALLS, type Call, type Interruption, type Traced } from '../campaign/orders.ts'

export interface Instant {
  /** 'instant', or the call at which it is. */
  readonly kind: 'instant' | Call
  /** Null for a kill before the first call. */
  readonly interruption: Interruption | null
  /** Milliseconds from the interruption, or from the start, to the kill; null where the program kills itself. */
  readonly delay: number | null
}

/** An instant of a program that made these calls. `random` gives numbers in (0, 1). */
export function chooseInstant(calls: readonly Traced[], random: () => number): Instant {
  const kinds = CALLS.filter((call) => calls.some(([made]) => made === call))
  if (kinds.length === 0 || random() < 0.5) return anyInstant(calls, random)
  const call = pick(kinds, random)
  const many = calls.filter(([made]) => made === call).length
  const how = pick(call === 'write' ? (['before', 'half', 'after'] as const) : (['before', 'after'] as const), random)
  return { kind: call, interruption: { calls: [call], number: 1 + Math.floor(random() * many), how }, delay: null }
}

/**
 * Every instant is as likely as any other. It is given by the last call before it and the time since, so that it is at the
 * same place of the work however busy the machine is.
 */
function anyInstant(calls: readonly Traced[], random: () => number): Instant {
  const at = random() * (calls.at(-1)?.[1] ?? 1000)
  const before = calls.findLastIndex(([, time]) => time <= at)
  if (before < 0) return { kind: 'instant', interruption: null, delay: at }
  const interruption = { calls: CALLS, number: before + 1, how: 'tell' } as const
  return { kind: 'instant', interruption, delay: at - (calls[before]?.[1] ?? 0) }
}

function pick<Value>(values: readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)] as Value
}

/** The instant in words. */
export function describe({ kind, interruption, delay }: Instant): string {
  if (interruption === null) return `${delay?.toFixed(0)} ms after the start`
  if (kind === 'instant') return `${delay?.toFixed(0)} ms after call ${interruption.number}`
  return `${interruption.how} ${kind} ${interruption.number}`
}
