/** Mutations of JSON values: keys dropped, doubled and retyped; numbers huge, negative and not whole; depth; nulls. */
import type { Dice } from './dice.ts'

type Container = Record<string, unknown> | unknown[]

const NUMBERS = [
  0,
  -1,
  1,
  2,
  0.5,
  -0.0,
  1e-320,
  255,
  65_537,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e20,
  1e308,
]
const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  'null',
  'é\u0301',
  '\u0000',
  '\ud800',
  '\u202e',
  '../..',
  '/',
  'con',
  '%s%n',
  '{{',
  '"',
  '\n',
  '🙂'.repeat(9),
]
const OTHERS = [null, true, false, [], {}, [[]], [null], { '': null }, { __proto__: null }]

/** Nesting that a parser with recursion may not survive. */
const DEEP = 20_000
/** A text and a list that are longer than anybody writes by hand. */
const LONG = { text: 200_000, list: 20_000 }

/** A copy of the value with one to three mutations. */
export function mutateJson(value: unknown, dice: Dice): unknown {
  // What JSON cannot hold must not be in the value: JSON is what the files hold.
  const root = { value: structuredClone(value) } as { value: unknown }
  for (let times = 1 + dice.whole(3); times > 0; times--) mutateOnce(root, dice)
  return root.value
}

function mutateOnce(root: Record<string, unknown>, dice: Dice): void {
  const { owner, key } = pickPlace(root, dice)
  const here = (owner as Record<string, unknown>)[key]
  const put = (value: unknown) => {
    ;(owner as Record<string, unknown>)[key] = value
  }
  const ways: (() => void)[] = [
    () => put(dice.pick(NUMBERS)),
    () => put(dice.pick(TEXTS)),
    () => put(structuredClone(dice.pick(OTHERS))),
    () => remove(owner, key),
    () => rename(owner, key, dice),
    () => put(typeof here === 'number' ? near(here, dice) : stringify(here)),
    () => put(Array.isArray(here) ? [...here, ...here] : [here]),
    () => put({ [dice.pick(['value', 'content', '0', '__proto__', 'constructor'])]: here }),
    () => put(pickValue(root, dice)),
  ]
  const rare: (() => void)[] = [
    () => put(nested(DEEP)),
    () => put('x'.repeat(LONG.text)),
    () => put(new Array(LONG.list).fill(Array.isArray(here) ? (here[0] ?? null) : null)),
  ]
  dice.pick(dice.chance(0.04) ? rare : ways)()
}

function near(number: number, dice: Dice): number {
  return dice.pick([number + 1, number - 1, -number, number * 2, number / 2, number * 1e9, number + 0.5])
}

function nested(depth: number): unknown {
  let value: unknown = 0
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

/** A place in the value; each level is as likely as the next one. */
function pickPlace(root: Container, dice: Dice): { owner: Container; key: string } {
  let owner = root
  let key = 'value'
  for (;;) {
    const here = (owner as Record<string, unknown>)[key]
    if (!isContainer(here) || Object.keys(here).length === 0 || (owner !== root && dice.chance(0.3)))
      return { owner, key }
    owner = here
    key = dice.pick(Object.keys(here))
  }
}

function pickValue(root: Container, dice: Dice): unknown {
  const { owner, key } = pickPlace(root, dice)
  try {
    return structuredClone((owner as Record<string, unknown>)[key])
  } catch {
    // An earlier mutation has made it too deep.
    return null
  }
}

function remove(owner: Container, key: string): void {
  if (Array.isArray(owner)) owner.splice(Number(key), 1)
  else delete owner[key]
}

function rename(owner: Container, key: string, dice: Dice): void {
  if (Array.isArray(owner)) return
  const value = owner[key]
  delete owner[key]
  owner[dice.pick([`${key} `, key.toUpperCase(), `${key}s`, '__proto__x', ''])] = value
}

/** JSON text of a value, now and then with what only some writers write. */
export function jsonText(value: unknown, dice: Dice): string {
  const text = stringify(value)
  if (!dice.chance(0.1)) return text
  return dice.pick([
    (whole: string) =>
      whole.replace(/\d+(\.\d+)?/, dice.pick(['NaN', 'Infinity', '-Infinity', '1e999', '01', '.5', '0x10'])),
    (whole: string) => `\ufeff${whole}`,
    (whole: string) => whole.replaceAll(',', ',\r\n'),
    (whole: string) => `${whole}${whole}`,
    (whole: string) => whole.replace(/[}\]]$/, ',$&'),
    (whole: string) => `${whole}\n// the end`,
    (whole: string) => whole.replaceAll('"', "'"),
  ])(text)
}

/** JSON.stringify that survives depth: it goes on where that has no stack left. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return `${'['.repeat(DEEP)}0${']'.repeat(DEEP)}`
  }
}
