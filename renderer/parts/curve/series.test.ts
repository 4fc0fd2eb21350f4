import { describe, expect, it } from 'vitest'
import { joinSeries, smooth } from './smooth.ts'

describe('smooth', () => {
  it('leaves a constant alone from the first step on', () => {
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

  it('weights the past, and with weight 0 not at all', () => {
    const points = [
      [0, 0],
      [1, 1],
    ] as const
    expect(smooth(points, 0)).toEqual(points)
    // Debiased: (0.5 * 0.5 * 0 + 0.5 * 1) / (0.5 * 0.5 + 0.5)
    expect(smooth(points, 0.5)[1]![1]).toBeCloseTo(2 / 3)
  })

  it('keeps gaps where there was no number', () => {
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

describe('joinSeries', () => {
  it('puts the steps of all series in order', () => {
    expect(
      joinSeries(
        ['a', 'b'],
        [
          [
            [2, 20],
            [1, 10],
          ],
          [
            [1, 5],
            [3, null],
          ],
        ],
      ),
    ).toEqual([
      { step: 1, a: 10, b: 5 },
      { step: 2, a: 20 },
      { step: 3, b: null },
    ])
  })
})
