import { expect, test } from 'vitest'
import { orderAfter, ordered, orderIn, orderText } from './order.ts'

test('a press on a head sorts ascending first, then reverses the order', () => {
  const first = orderAfter({ by: 'id', descending: true }, 'task')
  expect(first).toEqual({ by: 'task', descending: false })
  const second = orderAfter(first, 'task')
  expect(second).toEqual({ by: 'task', descending: true })
  expect(orderAfter(second, 'task')).toEqual({ by: 'task', descending: false })
  expect(orderAfter(undefined, 'task')).toEqual({ by: 'task', descending: false })
})

test('rows are sorted by numbers and by texts, those without a value last', () => {
  const rows = [12, 2, 1]
  const values: Record<number, number | null> = { 12: 0.5, 2: null, 1: 0.9 }
  const order = (descending: boolean) => ordered(rows, (row) => values[row]!, descending)
  expect([order(false), order(true)]).toEqual([
    [12, 1, 2],
    [1, 12, 2],
  ])
  expect(ordered(rows, (row) => `run ${row}`, false)).toEqual([1, 2, 12])
})

test('an order is a text of the address', () => {
  expect(orderIn('-id')).toEqual({ by: 'id', descending: true })
  for (const sort of ['rate.dpo', '-set.training.dpo.beta']) expect(orderText(orderIn(sort))).toBe(sort)
})
