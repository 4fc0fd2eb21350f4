/**
 * The lab's errors in the reader's language, in the manner of gettext: the English sentence is the key. The lab throws its
 * errors in English, for terminal, log and store; only a window says them anew.
 */

/** English templates with their translations. A hole, such as `{path}`, stands for a value that is carried over. */
export type Templates = Readonly<Record<string, string>>

export interface ErrorWords {
  readonly sentences: Templates
  /** What the lab itself puts into a hole, by the hole's name; holes of other names hold names, paths and figures. */
  readonly parts: Readonly<Record<string, Templates>>
}

/** The template that a text was made from, and what stood in its holes. */
export interface Match {
  readonly english: string
  readonly translation: string
  readonly values: Readonly<Record<string, string>>
}

interface Pattern {
  readonly english: string
  readonly translation: string
  readonly form: RegExp
}

const HOLE = /{(\w+)}/

/** Made of a table when it is first looked into. */
const patterns = new WeakMap<Templates, readonly Pattern[]>()

/** The most specific template of the table that the whole text was made from: the one with the most text of its own. */
export function matchOf(templates: Templates, text: string): Match | null {
  let known = patterns.get(templates)
  if (known === undefined) {
    known = Object.entries(templates)
      .sort(([a], [b]) => ownLength(b) - ownLength(a))
      .map(([english, translation]) => ({ english, translation, form: formOf(english) }))
    patterns.set(templates, known)
  }
  for (const { english, translation, form } of known) {
    const found = form.exec(text)
    if (found !== null) return { english, translation, values: found.groups ?? {} }
  }
  return null
}

/** The names of a template's holes, in their order. */
export function holesOf(template: string): string[] {
  return template.split(HOLE).filter((_, at) => at % 2 === 1)
}

function ownLength(template: string): number {
  return template.split(HOLE).reduce((sum, piece, at) => sum + (at % 2 === 0 ? piece.length : 0), 0)
}

/**
 * A hole ends at the first place where what follows it stands, and no other is tried: what a lookahead has found it keeps.
 * So the time grows with the text's length alone, whatever the text.
 */
function formOf(template: string): RegExp {
  const pieces = template.split(HOLE)
  const last = pieces.length - 2
  const form = pieces.map((piece, at) => {
    if (at % 2 === 0) return escaped(piece)
    if (at === last) return `(?<${piece}>.*)`
    return `(?=(?<${piece}>.*?)${escaped(pieces[at + 1]!)})\\k<${piece}>`
  })
  return new RegExp(`^${form.join('')}$`, 's')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Lists within sentences are looked into so far; what no hand would write is not worth more. */
const DEEPEST = 12

/**
 * An error in the words of a language. It stays as it is where the language has none for it: a stack, what others said.
 * Of several sentences, one a line, each is said as far as there are words for it.
 */
export function errorInWords(words: ErrorWords | undefined, text: string): string {
  if (words === undefined || STACK.test(text)) return text
  const lines = text.split('\n')
  const said = lines.map((line) => inWords(words, words.sentences, line, 0))
  if (lines.length > 1 && said.includes(null)) {
    // A value may hold line ends as well.
    const whole = inWords(words, words.sentences, text, 0)
    if (whole !== null) return whole
  }
  return said.map((line, at) => line ?? lines[at]).join('\n')
}

/** A line of a stack, as engines write it. */
const STACK = /^ {4}at /m

/** What the lab puts into a hole of this name, in the words of a language; as it is where there are none for it. */
export function partInWords(words: ErrorWords | undefined, hole: string, text: string): string {
  const parts = words?.parts[hole]
  return words === undefined || parts === undefined ? text : (inWords(words, parts, text, 0) ?? text)
}

function inWords(words: ErrorWords, templates: Templates, text: string, depth: number): string | null {
  const match = matchOf(templates, text)
  if (match === null) return null
  return match.translation.replaceAll(new RegExp(HOLE, 'g'), (hole, name: string) => {
    const value = match.values[name] ?? hole
    const parts = words.parts[name]
    if (parts === undefined || depth === DEEPEST) return value
    return inWords(words, parts, value, depth + 1) ?? value
  })
}
