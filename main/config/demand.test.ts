import { expect, test } from 'vitest'
import { z } from 'zod'
import { english } from '../messages/say.ts'
import { speaker } from '../messages/speaker.ts'
import { CHINESE } from '../messages/zh.ts'
import { demand, dotted, says } from './demand.ts'

const chinese = speaker('zh-CN', CHINESE)

/** The first issue of a schema with a value. */
function issue(schema: z.ZodType, value: unknown) {
  return schema.safeParse(value, { reportInput: true }).error?.issues[0] ?? expect.fail('the value was taken')
}

const count = z.int().min(1)

const CASES: readonly [z.ZodType, unknown, string, string][] = [
  [z.number(), 'x', 'must be a number', '必须是数字'],
  [count, 1.5, 'must be a whole number', '必须是整数'],
  [count, 0, 'must be at least 1', '必须是不小于 1 的数'],
  [z.number().positive(), 0, 'must be more than 0', '必须是大于 0 的数'],
  [z.number().max(2), 3, 'must be at most 2', '必须是不大于 2 的数'],
  [z.number().lt(1), 1, 'must be less than 1', '必须是小于 1 的数'],
  [z.string(), undefined, 'is missing', '缺失'],
  [z.string().min(1), '', 'must not be empty', '不能为空'],
  [z.array(z.int()).min(1), [], 'must not be an empty list', '不能是空列表'],
  [
    z.enum(['native', 'tfjs']),
    'nativ',
    'must be one of native, tfjs (perhaps native)',
    '必须是 native、tfjs 之一（也许是 native）',
  ],
  [z.literal('auto').or(count), 'x', 'must be auto or a number', '必须是“auto”或数字'],
  [z.literal('auto').or(count), 0, 'must be at least 1', '必须是不小于 1 的数'],
  [
    z.null().or(z.strictObject({}).or(z.string().min(1))),
    3,
    'must be null or a group of keys or a text',
    '必须是“null”或一组键或文字',
  ],
  [
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]),
    { kind: 'b' },
    "is wrong: Invalid discriminator value. Expected 'a'",
    "有误：Invalid discriminator value. Expected 'a'",
  ],
  [z.strictObject({}), { a: 1 }, 'must not have a', '不能含有 a'],
  [z.string().regex(/^a$/, says('mustBeName')), 'b c', english({ id: 'mustBeName', values: {} }), CHINESE.mustBeName],
  [
    z.array(z.int(), { error: says('mustBeMessages') }),
    3,
    'must be a text or a list of messages',
    '必须是文字或消息的列表',
  ],
  [z.int().refine(() => false, 'not today'), 3, 'is wrong: not today', '有误：not today'],
]

test.each(CASES.map(([schema, value, en, zh]) => ({ schema, value, en, zh })))(
  'a value $en',
  ({ schema, value, en, zh }) => {
    const said = demand(issue(schema, value))
    expect([english(said), chinese(said)]).toEqual([en, zh])
  },
)

test('without its input, a missing value is reported as one of the wrong type', () => {
  const [issue] = z.string().safeParse(undefined).error?.issues ?? []
  expect(issue && english(demand(issue))).toBe('must be a text')
})

test('a path is written as in JavaScript', () => {
  expect(dotted(['a', 'b', 0, 'c'])).toBe('a.b[0].c')
})
