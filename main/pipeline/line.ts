/** The result of a stage in one line. */
import type { Message } from '../messages/message.ts'
import type { StageRecord } from '../store/stages.ts'
import { STAGE_NAMES } from './stage.ts'
import { STAGES } from './stages/all.ts'

/** Null where the stage is not finished, or an older version wrote its result in another form. */
export function stageLine({
  stage,
  round,
  status,
  result,
}: Pick<StageRecord, 'stage' | 'round' | 'status' | 'result'>): Message | null {
  const name = STAGE_NAMES.find((known) => known === stage)
  if (name === undefined || status !== 'done') return null
  const parsed = STAGES[name].result.safeParse(result)
  return parsed.success ? STAGES[name].line(parsed.data, round) : null
}
