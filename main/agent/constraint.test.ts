import { beforeAll, describe, expect, test } from 'vitest'
import { type Place, START, Walker } from '../engine/constraint.ts'
import { uniformStream } from '../engine/random.ts'
import { loadTokenizer, type Tokenizer } from '../engine/tokenizer/tokenizer.ts'
import { type Action, KEYS } from '../environment/action.ts'
import { acceptsOf, type Observation, type ObservedElement } from '../environment/observation.ts'
import { projectPath } from '../files/paths.ts'
import { pageConstraint, possibleActions } from './constraint.ts'
import { formatCompletion, parseCompletion } from './grammar.ts'

/** The shipped tokenizer. */
let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(projectPath('models/base'))
})

const element = (ref: number, role: string, name: string, more: Partial<ObservedElement> = {}): ObservedElement => ({
  ref,
  role,
  name,
  states: [],
  ...more,
})
const page = (...elements: ObservedElement[]): Observation => ({ instruction: 'do it', elements, dropped: 0 })
const long = (letters: number) => 'The quick brown fox '.repeat(letters / 20 + 1).slice(0, letters)

const PAGES: Readonly<Record<string, Observation>> = {
  'with every kind of element': page(
    element(1, 'button', 'Ok'),
    element(2, 'textbox', 'user name', { states: ['focused'], value: 'bob' }),
    element(3, 'combobox', 'country', { options: ['Peru', 'Peru', 'Chile = best', '', 'Pe'] }),
    element(4, 'button', 'Cancel', { states: ['disabled'] }),
    element(5, 'textbox', 'locked', { accepts: { click: true, fill: null, select: [] } }),
    element(6, 'listbox', 'kind', { options: ['a', 'b'], accepts: { click: true, fill: null, select: ['b'] } }),
    element(7, 'textbox', 'short', { accepts: { click: true, fill: { form: 'text', most: 3 }, select: [] } }),
  ),
  'without elements': page(),
  'on which nothing can be used': page(element(1, 'button', 'Ok', { states: ['disabled'] })),
  'of alike elements': page(...[1, 2, 12, 21].map((ref) => element(ref, 'button', 'Ok'))),
  'without names': page(element(1, 'button', ''), element(2, 'textbox', '')),
  'whose names hold what the grammar means': page(
    element(1, 'textbox', 'a = b 1'),
    element(2, 'button', 'x'),
    element(3, 'textbox', 'x button 2 = y'),
    element(4, 'textbox', 'z'),
    element(5, 'textbox', 'z textbox 4 = y'),
    element(6, 'combobox', 'x button 2 = z', { options: ['p'] }),
    element(7, 'button', 'Thought: press Tab\nAction: press Tab'),
    element(8, 'button', '7 button 7'),
  ),
  'in other scripts': page(
    element(1, 'button', '确定'),
    element(2, 'textbox', 'e\u0301 Ünïcödé'),
    element(3, 'combobox', '🙂', { options: ['👩‍👩‍👧', 'Côte d’Ivoire', '\uFEFF'] }),
    element(4, 'button', 'half \uD83D'),
    element(5, 'button', '<|im_end|>'),
  ),
  'of long names': page(element(1, 'p', long(240)), element(2, 'textbox', long(60)), element(3, 'p', '中'.repeat(500))),
  'of four hundred elements': page(
    ...Array.from({ length: 400 }, (_, i) => element(i + 1, i % 3 ? 'link' : 'textbox', `number ${i % 7}`)),
  ),
  'with refs that are none, or twice there': page(
    element(1.5, 'button', 'a'),
    element(-1, 'button', 'b'),
    element(2, 'button', 'c', { states: ['disabled'] }),
    element(2, 'button', 'd'),
  ),
  'whose fields have forms': page(
    ...(['date', 'time', 'month', 'week', 'datetime', 'number', 'color'] as const).map((form, i) =>
      element(i + 1, form, 'at', { accepts: { click: true, fill: { form }, select: [] } }),
    ),
    element(9, 'slider', '', { accepts: { click: true, fill: { values: ['0', '5', '50'] }, select: [] } }),
  ),
}

/** Texts that the forms take, by the HTML standard's rules; the environment asks the browser. */
const TAKES: Readonly<Record<string, (text: string) => boolean>> = {
  date: (text) =>
    !Number.isNaN(Date.parse(`${text}T00:00Z`)) && new Date(`${text}T00:00Z`).toISOString().startsWith(text),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text),
  month: (text) => /^\d{4}-(0[1-9]|1[0-2])$/.test(text),
  week: (text) => /^\d{4}-W(0[1-9]|[1-4]\d|5[0-2])$/.test(text),
  datetime: (text) => !Number.isNaN(Date.parse(`${text}Z`)),
  number: (text) => /^-?\d*(\.\d+)?$/.test(text) && Number.isFinite(Number(text)),
  color: (text) => /^#[\da-f]{6}$/i.test(text),
}

/** Whether the page takes the action, said without the constraint. */
function isPossible(action: Action, { elements }: Observation): boolean {
  if (action.kind === 'press') return KEYS.includes(action.key)
  const accepts = acceptsOf(elements.find(({ ref }) => ref === action.ref)!)
  if (action.kind === 'click') return accepts.click
  if (action.kind === 'select') return accepts.select.includes(action.option)
  const { fill } = accepts
  if (fill === null) return false
  if ('values' in fill) return fill.values.includes(action.text)
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(action.text) || action.text.length > (fill.most ?? 2000)) return false
  return fill.form === 'text' || (action.text === '' && fill.form !== 'color') || TAKES[fill.form]!(action.text)
}

const LIMIT = 96

/** A completion drawn from the allowed tokens, one as likely as another; null stands for the stop token. */
function drawn(walker: Walker, reserve: number, limit: number, uniform: () => number): number[] {
  const tokens: number[] = []
  for (let place = START; ; ) {
    const left = limit - tokens.length - 1
    const allowed: (number | null)[] = walker.allowed(place, left, reserve)
    if (walker.mayEnd(place)) allowed.push(null)
    expect(allowed.length, tokenizer.decode(tokens)).toBeGreaterThan(0)
    // Mostly short tokens, so that texts become long; sometimes the end.
    const token = allowed[Math.floor(uniform() * allowed.length)]!
    if (token === null || (walker.mayEnd(place) && uniform() < 0.2)) return tokens
    tokens.push(token)
    expect(tokens.length).toBeLessThan(limit)
    place = walker.after(place, token)!
  }
}

describe.each(Object.entries(PAGES))('a page %s', (_, observation) => {
  const constraint = () => pageConstraint(tokenizer.vocabulary, observation, LIMIT)

  test.each([LIMIT, 300, 0])('lets only possible actions be written within %i tokens (0: the fewest)', (given) => {
    const uniform = uniformStream(5)
    const held = pageConstraint(tokenizer.vocabulary, observation, given)
    const walker = new Walker(held)
    const limit = given === 0 ? walker.shortest : given
    const reserve = Math.min(held.reserve, limit - walker.shortest)
    for (let i = 0; i < 8; i++) {
      const text = tokenizer.decode(drawn(walker, reserve, limit, uniform))
      const parsed = parseCompletion(text, observation)
      expect(parsed, text).toHaveProperty('decision')
      if ('decision' in parsed) expect(isPossible(parsed.decision.action, observation), text).toBe(true)
    }
  })

  test('lets every possible action be written, in any tokens', () => {
    const walker = new Walker(constraint())
    const uniform = uniformStream(7)
    const written = new Set<string>()
    // Of many actions every seventh.
    const all = possibleActions(observation)
    for (const { action, texts } of all.filter((_, at) => all.length < 100 || at % 7 === 0)) {
      const texted = texts === null || 'values' in texts || texts.form !== 'text' ? '' : 'a=é'
      const full = action.kind === 'fill' ? { ...action, text: texted } : action
      if (texts !== null && ('values' in texts || texts.form === 'color')) continue
      const text = formatCompletion({ thought: 'so 🙂', action: full }, observation)
      written.add(text)
      // The tokenizer normalises to NFC; a page need not.
      if (text === text.normalize('NFC')) expect(walk(walker, tokenizer.encode(text)), text).toBe(true)
      expect(walk(walker, anyTokens(text, uniform)), text).toBe(true)
    }
    expect(written.size).toBeGreaterThan(KEYS.length - 1)
  })
})

/** Whether the tokens are allowed, and the completion may stop behind them. */
function walk(walker: Walker, tokens: Iterable<number>): boolean {
  let place = START
  for (const token of tokens) {
    const next = walker.after(place, token)
    if (next === null) return false
    place = next
  }
  return walker.mayEnd(place)
}

/** A text in tokens that the tokenizer would not choose. */
function anyTokens(text: string, uniform: () => number): number[] {
  const { bytes, offsets } = tokenizer.vocabulary
  const wanted = Buffer.from(text)
  const ids = Array.from({ length: offsets.length - 1 }, (_, token) => token)
  const full = ids.filter((token) => offsets[token]! < offsets[token + 1]!)
  const tokensByFirst = Map.groupBy(full, (token) => bytes[offsets[token]!]!)
  const tokens: number[] = []
  for (let at = 0; at < wanted.length; ) {
    const fitting = (tokensByFirst.get(wanted[at]!) ?? []).filter((token) =>
      wanted
        .subarray(at, at + offsets[token + 1]! - offsets[token]!)
        .equals(bytes.subarray(offsets[token], offsets[token + 1])),
    )
    const token = fitting[Math.floor(uniform() * fitting.length)]!
    tokens.push(token)
    at += offsets[token + 1]! - offsets[token]!
  }
  return tokens
}

describe('not allowed', () => {
  const observation = PAGES['with every kind of element']!
  test.each([
    'click Ok button 1',
    'Thought: a\nThought: b\nAction: click Ok button 1',
    'Thought: a\rb\nAction: click Ok button 1',
    'Thought: a\u2028\nAction: click Ok button 1',
    'Thought: a\nAction: click Ok button 2',
    'Thought: a\nAction: click Ok button 1 ',
    'Thought: a\nAction: click Cancel button 4',
    'Thought: a\nAction: fill Ok button 1 = a',
    'Thought: a\nAction: fill locked textbox 5 = a',
    'Thought: a\nAction: fill short textbox 7 = abcd',
    'Thought: a\nAction: fill short textbox 7 = a🙂b',
    'Thought: a\nAction: fill user name textbox 2 = a\nb',
    'Thought: a\nAction: select country combobox 3 = Brazil',
    'Thought: a\nAction: select kind listbox 6 = a',
    'Thought: a\nAction: press F1',
  ])('%j', (text) => {
    const walker = new Walker(pageConstraint(tokenizer.vocabulary, observation, LIMIT))
    expect(walk(walker, tokenizer.encode(text))).toBe(false)
  })
})

test('the shorter actions stay when few tokens are left, and a thought leaves half of them', () => {
  const observation = page(element(1, 'p', long(240)))
  const constraint = pageConstraint(tokenizer.vocabulary, observation, LIMIT)
  const walker = new Walker(constraint)
  let place = START
  for (const token of tokenizer.encode('Thought: ')) place = walker.after(place, token)!
  const letter = tokenizer.encode('x')[0]!
  let thought = 0
  while (walker.allowed(place, LIMIT - thought - 4, constraint.reserve).includes(letter)) {
    place = walker.after(place, letter)!
    thought++
  }
  expect(thought).toBeGreaterThan(LIMIT / 4)
  expect(thought).toBeLessThan(LIMIT / 2)
  for (const token of tokenizer.encode('\nAction: ')) place = walker.after(place, token)!
  const click = tokenizer.encode('click')[0]!
  expect(walker.allowed(place, 200, 0)).toContain(click)
  expect(walker.allowed(place, 5, 0)).not.toContain(click)
})

test('barred actions cannot be written, nor can a field be filled that one of them fills', () => {
  const observation = PAGES['with every kind of element']!
  const fits = (text: string, barred: readonly string[]) => {
    const walker = new Walker(pageConstraint(tokenizer.vocabulary, observation, 96, barred))
    let place: Place | null = START
    for (const token of tokenizer.encode(text)) place = place === null ? null : walker.after(place, token)
    return place !== null && walker.mayEnd(place)
  }
  const write = (action: string) => `Thought: so\nAction: ${action}`
  const some = ['click Ok button 1', 'fill user name textbox 2 = amy', 'select country combobox 3 = Pe', 'press Tab']
  for (const action of some) {
    expect(fits(write(action), []), action).toBe(true)
    expect(fits(write(action), [action]), action).toBe(false)
    for (const other of some) if (other !== action) expect(fits(write(other), [action]), other).toBe(true)
  }
  expect(fits(write('fill user name textbox 2 = bob'), ['fill user name textbox 2 = amy'])).toBe(false)
  expect(fits(write('select country combobox 3 = Peru'), ['select country combobox 3 = Pe'])).toBe(true)
})

test('added tokens never stand within an answer', () => {
  const { offsets } = tokenizer.vocabulary
  for (const id of tokenizer.stopTokenIds) expect(offsets[id + 1]! - offsets[id]!).toBe(0)
})
