/** A stage of the lab as a value: what it is called and what it does. The runner decides when, and whether again. */
import type { z } from 'zod'
import type { Config } from '../config/schema.ts'
import type { Message, Say } from '../messages/message.ts'
import type { ArmKey, RoundKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Metrics } from '../training/optimize.ts'
import type { Artifacts } from './artifacts.ts'
import type { Resources } from './resources.ts'

export const STAGE_NAMES = ['verify', 'golden', 'sft', 'collect', 'dpo', 'validate', 'evaluate'] as const
export type StageName = (typeof STAGE_NAMES)[number]

export interface Stage<Result> {
  readonly name: StageName
  /** What it does. */
  readonly title: Message
  /** Its result is kept as JSON and read back where a resumed run skips the stage. */
  readonly result: z.ZodType<Result>
  /** Throws UserError for what the user can mend, and the signal's reason when it was cancelled. */
  run(context: StageContext): Promise<Result>
  /** What came of it, in a line. */
  line(result: Result, round: number): Message
}

/** What a stage works with. */
export interface StageContext {
  readonly config: Config
  readonly store: Store
  readonly run: number
  /** 0 before the flywheel turns, then 1, 2, ... */
  readonly round: number
  /** The earlier collection that the run trains on; null where it takes its own, or the latest. */
  readonly collection: RoundKey | null
  readonly artifacts: Artifacts
  readonly resources: Resources
  /** Aborted when the user stops the run. */
  readonly signal: AbortSignal
  /** The key under which an arm of this stage is kept. */
  arm(name: string): ArmKey
  /** Tells how far it is; `unit` names what is counted, in the plural. */
  progress(done: number, total: number, unit: Message): void
  /** Keeps the metrics of one optimiser step and tells them. */
  metrics(arm: string, step: number, metrics: Metrics): void
  /** Says a line worth keeping on the screen. */
  readonly say: Say
  /** Says a message that another room made. */
  readonly tell: (told: Message) => void
}
