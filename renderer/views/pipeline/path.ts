/** The five stages that the reader sees, made from the finer records of a run. */
import type { Answers, Field } from '../../lab.ts'
import type { StatusName } from '../../parts/status.tsx'
import { isOfExperiment } from './experiment-fields.ts'

export type StageRecord = Answers['runs']['stages']['stages'][number]

export const STOPS = ['verify', 'sft', 'collect', 'dpo', 'evaluate'] as const
export type Stop = (typeof STOPS)[number]

/** The records of each stop: golden samples belong to SFT, validation belongs to evaluate. */
const PARTS: Readonly<Record<Stop, readonly string[]>> = {
  verify: ['verify'],
  sft: ['golden', 'sft'],
  collect: ['collect'],
  dpo: ['dpo'],
  evaluate: ['validate', 'evaluate'],
}

export interface StopState {
  readonly stop: Stop
  readonly status: StatusName
  /** Wall time of all its records; null where there are none. */
  readonly seconds: number | null
  readonly records: readonly StageRecord[]
}

/** The state of each stop of a run. */
export function stopsOf(records: readonly StageRecord[]): StopState[] {
  return STOPS.map((stop) => {
    const own = records.filter(({ stage }) => PARTS[stop].includes(stage))
    return {
      stop,
      status: statusOf(own),
      seconds: own.length === 0 ? null : own.reduce((sum, { seconds }) => sum + seconds, 0),
      records: own,
    }
  })
}

/** The stop that a stage belongs to. */
export function stopOf(stage: string): Stop | undefined {
  return STOPS.find((stop) => PARTS[stop].includes(stage))
}

/** The stop to show: the one in the address, else the running one, else the last that has begun. */
export function chosenStop(
  named: string | undefined,
  running: Stop | undefined,
  stops: readonly Pick<StopState, 'stop' | 'status'>[],
): Stop {
  const begun = stops.findLast(({ status }) => status !== 'idle')?.stop
  return STOPS.find((stop) => stop === named) ?? running ?? begun ?? 'verify'
}

/** The status of the last record, because an earlier round's end says nothing about this one. */
function statusOf(records: readonly StageRecord[]): StatusName {
  const last = records.at(-1)?.status
  if (last === undefined) return 'idle'
  return last === 'interrupted' ? 'stopped' : last
}

/**
 * Whether a setting is shown at a stage. Settings of all stages are shown at the first, settings of the whole pipeline
 * at the last, and those of the experiment at none.
 */
export function concerns({ key, commands }: Pick<Field, 'key' | 'commands'>, stop: Stop): boolean {
  if (isOfExperiment({ key })) return false
  if (commands.length === 0) return stop === 'verify'
  return commands.includes(stop) || (stop === 'evaluate' && commands.includes('pipeline'))
}
