import { expect, test } from 'vitest'
import { orderAfter } from './order.ts'

test('a press on a head sorts ascending first, then reverses the order', () => {
  const first = orderAfter({ by: 'id', descending: true }, 'task')
  expect(first).toEqual({ by: 'task', descending: false })
  const second = orderAfter(first, 'task')
  expect(second).toEqual({ by: 'task', descending: true })
  expect(orderAfter(second, 'task')).toEqual({ by: 'task', descending: false })
  expect(orderAfter(undefined, 'task')).toEqual({ by: 'task', descending: false })
})
