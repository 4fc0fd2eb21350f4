import { expect, test } from 'vitest'
import { UserError } from '../../messages/error.ts'
import { chatRenderer } from './chat-template.ts'

const MESSAGES = [{ role: 'user', content: 'ask' }]
const render = (text: string) => chatRenderer('models/m', text, { bos_token: '<s>' })(MESSAGES, true)

test('a template has its tokens, its messages, and the ranges of Jinja', () => {
  expect(render('{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}')).toBe('<s>user: ask')
  expect(render('{% for i in range(3) %}{{ i }}{% endfor %}|{% for i in range(5, 1, -2) %}{{ i }}{% endfor %}')).toBe(
    '012|53',
  )
  expect(render('\n{% if add_generation_prompt %}go{% endif %}')).toBe('\ngo')
  expect(render('{{ range(100000) | length }}')).toBe('100000')
})

test('a template thinks not, and knows one day', () => {
  const template =
    '{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{% if not date_string is defined %}{% set date_string = strftime_now("%Y") %}{% endif %}{{ date_string }}'
  expect(render(template)).toBe('<think></think>26 Jul 2024')
})

test.each([
  [
    'a loop of loops',
    '{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}',
    'it does not end',
  ],
  ['a range', '{% for i in range(1000000000) %}{% endfor %}', 'range() has more than 100,000 numbers'],
  ['a list', '{{ range(100000000) | list }}', 'range() has more than 100,000 numbers'],
  [
    'a text that doubles',
    '{% set ns = namespace(x="x") %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}',
    'it is too deep, or its text is too long',
  ],
  ['a wide text', '{{ "x" | indent(50000000, true) }}', 'it is too deep, or its text is too long'],
  ['a deep expression', `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`, 'it is too deep, or its text is too long'],
  ['half a template', '{% for m in messages %}{%', 'it is not a whole template'],
  ['an exception', '{{ raise_exception("no") }}', 'no'],
])('%s is told in a sentence', (_what, text, reason) => {
  const began = performance.now()
  expect(() => render(text)).toThrow(UserError)
  expect(() => render(text)).toThrow(`The chat template in models/m failed (${reason})`)
  expect(performance.now() - began).toBeLessThan(20_000)
})

test('a rendering during which the machine stands still is begun again', () => {
  let looks = 0
  const message = {
    role: 'user',
    get content() {
      // The first look is at its length, outside of the limit.
      if (++looks === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)
      return 'hello'
    },
  }
  const text = '{{ messages[0].content }}'
  expect(chatRenderer('models/m', text, {})([message], true)).toBe('hello')
  expect(looks).toBeGreaterThan(2)
})
