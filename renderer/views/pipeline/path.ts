/** The five stages as the reader knows them, from the finer records that a run keeps. */
import type { Answers, Field } from '../../lab.ts'
import type { StatusName } from '../../parts/status.tsx'

export type StageRecord = Answers['runs']['stages']['stages'][number]

export const STOPS = ['verify', 'sft', 'collect', 'dpo', 'evaluate'] as const
export type Stop = (typeof STOPS)[number]

/** The records that belong to a stop: golden samples are part of SFT, validation is part of evaluating. */
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
  /** Wall time of all its records; null where there is none. */
  readonly seconds: number | null
  readonly records: readonly StageRecord[]
}

/** How each stop of a run stands. */
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

/** The stop to show: the one that an address names, else the one at work, else the last that has begun. */
export function chosenStop(
  named: string | undefined,
  running: Stop | undefined,
  stops: readonly Pick<StopState, 'stop' | 'status'>[],
): Stop {
  const begun = stops.findLast(({ status }) => status !== 'idle')?.stop
  return STOPS.find((stop) => stop === named) ?? running ?? begun ?? 'verify'
}

/** The last record decides: an earlier round's end says nothing of this one. */
function statusOf(records: readonly StageRecord[]): StatusName {
  const last = records.at(-1)?.status
  if (last === undefined) return 'idle'
  return last === 'interrupted' ? 'stopped' : last
}

/** Whether a setting concerns a stage. Those of all stages stand with the first, those of the whole pipeline with the last. */
export function concerns({ commands }: Pick<Field, 'commands'>, stop: Stop): boolean {
  if (commands.length === 0) return stop === 'verify'
  return commands.includes(stop) || (stop === 'evaluate' && commands.includes('pipeline'))
}
