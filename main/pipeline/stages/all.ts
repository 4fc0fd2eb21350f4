/** Every stage by its name. */
import type { Stage, StageName } from '../stage.ts'
import { collect } from './collect.ts'
import { dpo } from './dpo.ts'
import { evaluate } from './evaluate.ts'
import { golden } from './golden.ts'
import { sft } from './sft.ts'
import { validate } from './validate.ts'
import { verify } from './verify.ts'

export const STAGES: Readonly<Record<StageName, Stage<unknown>>> = {
  verify,
  golden,
  sft,
  collect,
  dpo,
  validate,
  evaluate,
}
