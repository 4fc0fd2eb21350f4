/** The fuzz campaign in short: some inputs of every kind, always the same ones. */
import { expect, test } from 'vitest'
import { fuzz, inputsOf } from './campaign.ts'
import { diceOf } from './dice.ts'
import { jsonText, mutateJson } from './json-mutation.ts'
import { KINDS } from './kinds.ts'
import { fuzzTable, isFault, tellFault } from './table.ts'
import { mutateTemplate } from './template-mutation.ts'

test('what the lab reads is taken, or told in a sentence', async () => {
  // Set-up starts a process for each input.
  const kinds = Object.keys(KINDS).filter((name) => name !== 'setup')
  const results = await fuzz({ inputs: inputsOf(kinds, 260), seed: 1, jobs: 2, limit: 20 })
  expect(results.filter(isFault).map((result) => tellFault(result, 1))).toEqual([])
  expect(results).toHaveLength(260)
  expect(fuzzTable(results, 1, 9)).toContain('inputs: 260')
}, 180_000)

test('a kind, a seed and a number give one mutation', () => {
  const mutated = (number: number) => {
    const dice = diceOf(1, 'config', number)
    return jsonText(mutateJson({ a: [1, 2, { b: 'text' }], c: null }, dice), dice) + mutateTemplate('{{ x }}', dice)
  }
  expect(mutated(3)).toBe(mutated(3))
  expect(new Set(Array.from({ length: 50 }, (_, number) => mutated(number))).size).toBeGreaterThan(40)
})

test('an input that ends its process is a fault, and the others are read', async () => {
  const inputs = [...inputsOf(['window'], 2), { kind: 'no such kind', number: 1 }]
  await expect(fuzz({ inputs, seed: 1, jobs: 1, limit: 20 })).rejects.toThrow('before its first input')
}, 180_000)
