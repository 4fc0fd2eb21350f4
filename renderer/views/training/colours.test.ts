import { expect, test } from 'vitest'
import { coloursOf } from './colours.ts'

test('every arm has its own colour, and of several rounds the latest', () => {
  expect(
    coloursOf([
      { arm: 'dpo', round: 1 },
      { arm: 'replay', round: 1 },
      { arm: 'dpo', round: 2 },
    ]),
  ).toEqual(['var(--arm-success_sft)', 'var(--arm-replay)', 'var(--arm-dpo)'])
})

test('colours are told apart as long as there are any, and never run out', () => {
  const colours = coloursOf(Array.from({ length: 9 }, () => ({ arm: 'dpo', round: 1 })))
  expect(new Set(colours.slice(0, 6)).size).toBe(6)
  for (const colour of colours) expect(colour).toMatch(/^var\(--arm-/)
})
