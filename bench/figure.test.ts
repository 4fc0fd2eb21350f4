import { expect, test } from 'vitest'
import { figure, jsonLine, table } from './figure.ts'

const compared = figure('engine', 'SFT step', 'tokens/s', 12_345.678, 'PyTorch', 5000)
const alone = figure('environment', 'click-button', 'episodes/s', 1.23456)

test('a figure on one line has the seven keys and short numbers', () => {
  expect(jsonLine(compared)).toBe(
    '{"bench":"engine","case":"SFT step","ours":12350,"peer":"PyTorch","theirs":5000,"ratio":2.469,"unit":"tokens/s"}',
  )
  expect(JSON.parse(jsonLine(alone))).toMatchObject({ ours: 1.235, peer: null, theirs: null, ratio: null })
})

test('the table has a row a figure and columns of one width', () => {
  const lines = table([compared, alone]).split('\n')
  expect(lines).toHaveLength(4)
  expect(new Set(lines.map((line) => line.length)).size).toBe(1)
  expect(lines[2]).toMatch(/SFT step +\| 12,346 \| PyTorch \| +5,000 \| 2\.47x/)
  expect(lines[3]).toMatch(/click-button \| +1\.23 \| +\| +\| +\| episodes\/s/)
})
