/** A stage of the lab: its name and its work. The runner decides when it runs, and whether again. */
import type { z } from 'zod'
import type { Config } from '../config/schema.ts'
import type { Message, Say } from '../messages/message.ts'
import type { ArmKey, RoundKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Metrics } from '../training/terms.ts'
import type { Artifacts } from './artifacts.ts'
import type { Resources } from './resources.ts'

export const STAGE_NAMES = ['verify', 'golden', 'sft', 'collect', 'dpo', 'validate', 'evaluate'] as const
export type StageName = (typeof STAGE_NAMES)[number]

export interface Stage<Result> {
  readonly name: StageName
  /** What the stage does. */
  readonly title: Message
  /** The schema of its result, which is stored as JSON and read back where a resumed run skips the stage. */
  readonly result: z.ZodType<Result>
  /** Throws UserError for an error that the user can fix, and the signal's reason when it was cancelled. */
  run(context: StageContext): Promise<Result>
  /** The result in one line. */
  line(result: Result, round: number): Message
}

/** The context in which a stage runs. */
export interface StageContext {
  readonly config: Config
  readonly store: Store
  readonly run: number
  /** 0 before the first round of the flywheel, then 1, 2, ... */
  readonly round: number
  /** The earlier collection that the run trains on; null where it uses its own, or the latest. */
  readonly collection: RoundKey | null
  readonly artifacts: Artifacts
  readonly resources: Resources
  /** Aborted when the user stops the run. */
  readonly signal: AbortSignal
  /** The key of an arm of this stage in the store. */
  arm(name: string): ArmKey
  /** Reports progress. `unit` names what is counted, in the plural. */
  progress(done: number, total: number, unit: Message): void
  /** Stores and reports the metrics of one optimiser step. */
  metrics(arm: string, step: number, metrics: Metrics): void
  /** Reports a message to keep on the screen. */
  readonly say: Say
  /** Reports a message that other code has made. */
  readonly tell: (told: Message) => void
}
