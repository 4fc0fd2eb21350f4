import { expect, test } from 'vitest'
import { coloursOf } from './colours.ts'

test('each arm has its own colour; of several rounds the latest has it', () => {
  expect(
    coloursOf([
      { arm: 'dpo', round: 1 },
      { arm: 'replay', round: 1 },
      { arm: 'dpo', round: 2 },
    ]),
  ).toEqual(['var(--arm-success_sft)', 'var(--arm-replay)', 'var(--arm-dpo)'])
})

test('colours differ as long as there are enough, and repeat after that', () => {
  const colours = coloursOf(Array.from({ length: 9 }, () => ({ arm: 'dpo', round: 1 })))
  expect(new Set(colours.slice(0, 6)).size).toBe(6)
  for (const colour of colours) expect(colour).toMatch(/^var\(--arm-/)
})
