import { expect, test } from 'vitest'
import { tableOf } from './csv.ts'
import { drawnOf, type Series } from './series.ts'

const words = { place: 'step', smoothed: 'smoothed', lowest: 'lowest', highest: 'highest' }
const plain = { range: null, along: 'step', unit: undefined, words } as const
const line = (label: string, points: Series['points'], bounds: Series['bounds'] = null): Series => {
  return { id: label, label, colour: 'red', points, bounds }
}
const linesOf = (text: string) => text.replace('\uFEFF', '').trimEnd().split('\r\n')

test('a row a step, and a column a line with its unit', () => {
  const series = drawnOf(
    [
      line('Run 1 · DPO', [
        [1, 0.5],
        [2, null],
      ]),
      line('Run 2, b', [
        [2, 3],
        [4, 1],
      ]),
    ],
    0,
  )
  const text = tableOf(series, { ...plain, unit: 'nats' })
  expect(text.startsWith('\uFEFF')).toBe(true)
  expect(linesOf(text)).toEqual(['step,Run 1 · DPO (nats),"Run 2, b (nats)"', '1,0.5,', '2,,3', '4,,1'])
})

test('smoothed lines and bounds get columns of their own', () => {
  const points = [
    [1, 1],
    [2, 0],
  ] as const
  expect(linesOf(tableOf(drawnOf([line('DPO', points)], 0.5), plain))[0]).toBe('step,DPO,"DPO, smoothed"')
  const many = drawnOf([line('DPO', points, [[0.5, 2], null])], 0)
  expect(linesOf(tableOf(many, plain))).toEqual(['step,DPO,"DPO, lowest","DPO, highest"', '1,1,0.5,2', '2,0,,'])
})

test('only what is in sight, time in seconds, and no formulas', () => {
  const series = drawnOf(
    [
      line('=1+1', [
        [500, 1],
        [1500, 2],
        [2500, 3],
      ]),
    ],
    0,
  )
  const text = tableOf(series, { ...plain, along: 'time', range: [1000, 2000], words: { ...words, place: 'time (s)' } })
  expect(linesOf(text)).toEqual(["time (s),'=1+1", '1.5,2'])
})
