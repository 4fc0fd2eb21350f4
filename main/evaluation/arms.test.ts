import { expect, test } from 'vitest'
import { CONTROLS, compareArms } from './arms.ts'

test('policies stand in one order: what DPO begins with, its controls, its rounds, DPO, and others at the end', () => {
  const order = ['base', 'sft', ...CONTROLS, 'dpo_before', 'dpo_round_2', 'dpo_round_10', 'dpo', 'somebody_elses']
  expect(order.toReversed().sort(compareArms)).toEqual(order)
})
