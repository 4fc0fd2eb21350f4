import { describe, expect, it, test } from 'vitest'
import { drawnOf, joinColumns, lineOf, rowsOf, smooth, valueAt, within, zoomed } from './series.ts'

describe('smooth', () => {
  it('leaves a constant unchanged from the first step on', () => {
    for (const [, value] of smooth(
      [
        [0, 3],
        [1, 3],
        [2, 3],
      ],
      0.9,
    ))
      expect(value).toBeCloseTo(3)
  })

  it('weights the past, and weight 0 changes nothing', () => {
    const points = [
      [0, 0],
      [1, 1],
    ] as const
    expect(smooth(points, 0)).toEqual(points)
    // Debiased: (0.5 * 0.5 * 0 + 0.5 * 1) / (0.5 * 0.5 + 0.5)
    expect(smooth(points, 0.5)[1]![1]).toBeCloseTo(2 / 3)
  })

  it('keeps gaps where a value is not a number', () => {
    expect(
      smooth(
        [
          [0, 1],
          [1, null],
          [2, 1],
        ],
        0.5,
      ).map(([, value]) => value),
    ).toEqual([1, null, 1])
  })
})

test('the smoothed value of a step is the same in every zoom', () => {
  const line = { id: 'a', label: 'A', colour: 'red', bounds: null }
  const whole = Array.from({ length: 100 }, (_, step): [number, number] => [step, Math.sin(step) + step / 50])
  const [all] = drawnOf([{ ...line, points: whole, whole }], 0.9)
  const [zoom] = drawnOf([{ ...line, points: whole.slice(40, 61), whole }], 0.9)
  expect(zoom!.line.map(([step]) => step)).toEqual(whole.slice(40, 61).map(([step]) => step))
  for (let step = 40; step <= 60; step++) expect(valueAt(zoom!.line, step)).toBe(valueAt(all!.line, step))
  // Of a long training the whole has fewer points than the zoom.
  const coarse = whole.filter(([step]) => step % 16 === 0)
  const [far] = drawnOf([{ ...line, points: coarse, whole: coarse }], 0.9)
  const [near] = drawnOf([{ ...line, points: whole.slice(40, 61), whole: coarse }], 0.9)
  for (let step = 40; step <= 60; step++) expect(valueAt(near!.line, step)).toBe(valueAt(far!.line, step))
})

describe('joinColumns', () => {
  it('orders the steps of all columns', () => {
    expect(
      joinColumns(
        new Map([
          [
            'a',
            [
              [2, 20],
              [1, 10],
            ],
          ],
          [
            'b',
            [
              [1, 5],
              [3, null],
            ],
          ],
        ]),
      ),
    ).toEqual([
      { step: 1, a: 10, b: 5 },
      { step: 2, a: 20 },
      { step: 3, b: null },
    ])
  })
})

describe('rowsOf', () => {
  const line = { id: 'a', label: 'A', colour: 'red', bounds: null }
  const points = [
    [1, 4],
    [2, -2],
  ] as const

  it('keeps the raw values behind a smoothed line, and only there', () => {
    expect(rowsOf(drawnOf([{ ...line, points }], 0.5))).toEqual([
      { step: 1, a: 4, 'a raw': 4 },
      { step: 2, a: 0, 'a raw': -2 },
    ])
    expect(rowsOf(drawnOf([{ ...line, points }], 0))).toEqual([
      { step: 1, a: 4 },
      { step: 2, a: -2 },
    ])
  })

  it('does not smooth evaluations, so their minimum stays where it is', () => {
    expect(rowsOf(drawnOf([{ ...line, exact: true, points }], 0.9))).toEqual([
      { step: 1, a: 4 },
      { step: 2, a: -2 },
    ])
  })

  it('shows the bounds of points that stand for many steps', () => {
    const bounds = [[3, 9], null] as const
    expect(rowsOf(drawnOf([{ ...line, points, bounds }], 0))).toEqual([
      { step: 1, a: 4, 'a band': [3, 9] },
      { step: 2, a: -2, 'a band': null },
    ])
  })
})

describe('valueAt', () => {
  it('is the value of the last point at or before the step', () => {
    const points = [
      [2, 1],
      [4, null],
      [6, 3],
    ] as const
    expect([1, 2, 3, 4, 9].map((step) => valueAt(points, step))).toEqual([null, 1, 1, null, 3])
    expect(valueAt([], 3)).toBeNull()
  })
})

describe('lineOf', () => {
  it('has bounds where a point stands for more than one value', () => {
    expect(lineOf({ steps: [1, 3], mean: [2, null], low: [1, null], high: [3, null] })).toEqual({
      points: [
        [1, 2],
        [3, null],
      ],
      bounds: [[1, 3], null],
    })
    expect(lineOf({ steps: [1], mean: [2], low: [2], high: [2] }).bounds).toBeNull()
  })
})

describe('zooming by keyboard', () => {
  it('keeps the current step at its place', () => {
    expect(zoomed([0, 100], 20, 0.5)).toEqual([10, 60])
    expect(zoomed([10, 60], 20, 2)).toEqual([0, 100])
  })

  it('stays within the training, and ends when all of it is visible', () => {
    expect(within([-5, 40], [1, 80])).toEqual([1, 40])
    expect(within([0, 90], [1, 80])).toBeNull()
  })
})
