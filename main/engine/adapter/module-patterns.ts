/** Matches names of modules against regular expressions that PEFT would give to Python's re. */
import { Script } from 'node:vm'

/** Milliseconds. Some expressions would otherwise be tried for years; others take a millisecond. */
const TIME_LIMIT = 500
/** The time is the clock's, so a busy machine or one that slept may run out of it once. */
const TRIES = 3

const SEARCH = new Script(
  'names.map((name) => sources.findIndex(([source, flags]) => new RegExp(source, flags).test(name)))',
)

/** `whole`: the expression is the name (re.fullmatch). `end`: it is the name, or its end after a dot (PEFT's patterns). */
export type Match = 'whole' | 'end'

const AROUND: Readonly<Record<Match, readonly [string, string]>> = {
  whole: ['^(?:', ')$'],
  end: ['^(?:.*\\.)?(?:', ')$'],
}

/**
 * For each name the index of the first pattern that matches, or -1. Null if JavaScript cannot read one of the patterns, or
 * they take too long.
 */
export function firstMatches(
  patterns: readonly string[],
  names: readonly string[],
  match: Match,
): readonly number[] | null {
  if (patterns.length === 0) return names.map(() => -1)
  let sources: [string, string][]
  try {
    sources = patterns.map((pattern) => translated(pattern, match))
  } catch {
    return null
  }
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return Array.from(SEARCH.runInNewContext({ sources, names }, { timeout: TIME_LIMIT }), Number)
    } catch {
      // It took too long.
    }
  }
  return null
}

/** An expression of Python's in JavaScript's spelling, with its flags. */
function translated(pattern: string, match: Match): [string, string] {
  const [, flags = '', body = pattern] = /^\(\?([aimsu]+)\)(.*)$/s.exec(pattern) ?? []
  const source = body
    .replace(/\\(.)/gs, (escaped, letter: string) => (letter === 'A' ? '^' : letter === 'Z' ? '$' : escaped))
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
  const [before, after] = AROUND[match]
  const whole = before + source + after
  const kept = [...new Set(flags)].filter((flag) => 'ims'.includes(flag)).join('')
  // Throws here if it is not an expression of JavaScript's.
  return [new RegExp(whole, kept).source, kept]
}
