/** The texts that fields with a form take (date, time, number ...), as parts of an automaton. */
import type { TextForm } from '../environment/observation.ts'
import type { Automaton, Node } from './automaton.ts'

/** The forms of fields that take less than any text. */
export type NarrowForm = Exclude<TextForm, 'text'>

const DIGITS = '0123456789'
/** Digits before and after the point of a number: more than a double holds. */
const MOST_DIGITS = 15

type Add = (automaton: Automaton, from: Node) => void

const end: Add = (automaton, node) => automaton.end(node)

const FORMS: Readonly<Record<NarrowForm, Add>> = {
  date: (automaton, from) => {
    years(automaton, from, (year, isLeap) => days(automaton, year, isLeap, end))
  },
  month: (automaton, from) => {
    years(automaton, from, (year) => each(automaton, year, range(1, 12), '-', end))
  },
  // Some years have a week 53. It is left out.
  week: (automaton, from) => {
    years(automaton, from, (year) => each(automaton, year, range(1, 52), '-W', end))
  },
  time: (automaton, from) => {
    const [minutes, seconds] = [automaton.node(), automaton.node()]
    each(automaton, seconds, range(0, 59), ':', end)
    each(automaton, minutes, range(0, 59), ':', (_, minute) => {
      automaton.share(minute, seconds)
      automaton.end(minute)
    })
    each(automaton, from, range(0, 23), '', (_, hour) => automaton.share(hour, minutes))
  },
  datetime: (automaton, from) => {
    const clock = automaton.node()
    FORMS.time(automaton, clock)
    const then: Add = (_, day) => automaton.share(automaton.follow(day, 'T'), clock)
    years(automaton, from, (year, isLeap) => days(automaton, year, isLeap, then))
  },
  number: (automaton, from) => {
    const fraction = automaton.node()
    chain(automaton, fraction, DIGITS, MOST_DIGITS, true)
    const whole = (at: Node, count: number): void => {
      automaton.share(automaton.follow(at, '.'), fraction)
      if (count === 0) return
      const next = automaton.node()
      automaton.end(next)
      whole(next, count - 1)
      for (const digit of DIGITS) automaton.share(automaton.follow(at, digit), next)
    }
    whole(from, MOST_DIGITS)
    whole(automaton.follow(from, '-'), MOST_DIGITS)
  },
  color: (automaton, from) => chain(automaton, automaton.follow(from, '#'), `${DIGITS}abcdefABCDEF`, 6),
}

/** Adds the texts of a form behind a node. All but colours may also be empty, which empties the field. */
export function addForm(automaton: Automaton, form: NarrowForm, from: Node): void {
  if (form !== 'color') automaton.end(from)
  FORMS[form](automaton, from)
}

/** Adds years of four digits, and behind each what `then` adds to a node: one for common years and one for leap years. */
function years(automaton: Automaton, from: Node, then: (year: Node, isLeap: boolean) => void): void {
  const [common, leap] = [false, true].map((isLeap) => {
    const node = automaton.node()
    then(node, isLeap)
    return node
  }) as [Node, Node]
  /** The last two digits, by whether the first two are a multiple of four, and whether they are 00. */
  const lastTwo = (isFourth: boolean, isFirst: boolean): Node => {
    const node = automaton.node()
    for (const two of range(isFirst ? 1 : 0, 99)) {
      const isLeap = two === 0 ? isFourth : two % 4 === 0
      automaton.share(automaton.follow(node, padded(two)), isLeap ? leap : common)
    }
    return node
  }
  const [zero, fourth, other] = [lastTwo(true, true), lastTwo(true, false), lastTwo(false, false)]
  for (const two of range(0, 99)) {
    automaton.share(automaton.follow(from, padded(two)), two === 0 ? zero : two % 4 === 0 ? fourth : other)
  }
}

function days(automaton: Automaton, year: Node, isLeap: boolean, then: Add): void {
  for (const month of range(1, 12)) {
    const last = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
    each(automaton, automaton.follow(year, `-${padded(month)}`), range(1, last), '-', then)
  }
}

/** Adds `count` letters of an alphabet, one behind another. The last one ends, or with `always` each. */
function chain(automaton: Automaton, from: Node, alphabet: string, count: number, always = false): void {
  if (count === 0) return
  const next = automaton.node()
  if (always || count === 1) automaton.end(next)
  chain(automaton, next, alphabet, count - 1, always)
  for (const letter of alphabet) automaton.share(automaton.follow(from, letter), next)
}

/** Adds numbers of two digits behind a text. */
function each(automaton: Automaton, from: Node, numbers: readonly number[], before: string, then: Add): void {
  const at = automaton.follow(from, before)
  for (const number of numbers) then(automaton, automaton.follow(at, padded(number)))
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function padded(number: number): string {
  return String(number).padStart(2, '0')
}
