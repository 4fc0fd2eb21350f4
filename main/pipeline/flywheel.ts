/** The whole job: the stages in their order, the middle ones again for each round of the flywheel. */
import { collect } from './collect.ts'
import { dpo } from './dpo.ts'
import { evaluate } from './evaluate.ts'
import { golden } from './golden.ts'
import type { EvaluateResult } from './results.ts'
import type { Runner } from './runner.ts'
import { sft } from './sft.ts'
import { validate } from './validate.ts'
import { verify } from './verify.ts'

/**
 * verify, golden samples, SFT, then rounds of collect, DPO and validate, then one evaluation of every round. The rounds
 * end after `flywheel.patience` of them in a row that were measurably worse on the validation block than an earlier one;
 * the evaluation block is looked at once, when all choices are made.
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
    round++
    await runner.perform(collect, round)
    await runner.perform(dpo, round)
    if (rounds === 1) break
    best = (await runner.perform(validate, round)).best ?? round
  }
  return runner.perform(evaluate, round)
}
