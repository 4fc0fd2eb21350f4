/** The whole pipeline: the stages in order, with the middle ones repeated for each round of the flywheel. */

import type { EvaluateResult } from './results.ts'
import type { Runner } from './runner.ts'
import { collect } from './stages/collect.ts'
import { dpo } from './stages/dpo.ts'
import { evaluate } from './stages/evaluate.ts'
import { golden } from './stages/golden.ts'
import { sft } from './stages/sft.ts'
import { validate } from './stages/validate.ts'
import { verify } from './stages/verify.ts'

/**
 * Runs verify, golden samples, SFT, then rounds of collect, DPO and validate, then one evaluation of every round. The
 * rounds end after `flywheel.patience` in a row that were measurably worse on the validation block than an earlier one, and
 * when a later round gives no pair to learn from.
 * The evaluation block is used once, when all choices are made.
 */
export async function turnFlywheel(runner: Runner): Promise<EvaluateResult> {
  const { rounds, patience } = runner.config.flywheel
  await runner.perform(verify, 0)
  await runner.perform(golden, 0)
  await runner.perform(sft, 0)
  if (rounds > 1) await runner.perform(validate, 0)
  let best = 0
  let round = 0
  while (round < rounds && round - best < patience) {
    const { pairs } = await runner.perform(collect, round + 1)
    if (pairs === 0) break
    round++
    await runner.perform(dpo, round)
    if (rounds === 1) break
    best = (await runner.perform(validate, round)).best ?? round
  }
  return runner.perform(evaluate, round)
}
