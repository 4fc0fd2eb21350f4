/**
 * Holds a completion to the texts that a constraint allows: walks its automaton together with a trie of the vocabulary's
 * bytes. native/constraint.cc is the same in C++, and gives the same tokens in the same order.
 */
import type { Constraint, Vocabulary } from './engine.ts'

/** How far a completion has come. */
export interface Place {
  readonly node: number
  /** How far a character has come, as a state of UTF-8; 0 between two characters. */
  readonly utf8: number
  /** UTF-16 units of the free text at this node. */
  readonly units: number
}

export const START: Place = { node: 0, utf8: 0, units: 0 }

/** The need of a node that no token leads on from. */
const NEVER = 2 ** 31 - 1

/** Ranges of bytes that lead from one state of UTF-8 to another: [from, first byte, last byte, to]. */
const STEPS: readonly (readonly [number, number, number, number])[] = [
  // A control character is no text on one line: U+0000 to U+001F, U+007F to U+009F, U+2028 and U+2029.
  [0, 0x20, 0x7e, 0],
  [0, 0xc2, 0xc2, 8],
  [0, 0xc3, 0xdf, 1],
  [0, 0xe0, 0xe0, 4],
  [0, 0xe1, 0xe1, 2],
  [0, 0xe2, 0xe2, 9],
  [0, 0xe3, 0xec, 2],
  [0, 0xed, 0xed, 5],
  [0, 0xee, 0xef, 2],
  [0, 0xf0, 0xf0, 6],
  [0, 0xf1, 0xf3, 3],
  [0, 0xf4, 0xf4, 7],
  [1, 0x80, 0xbf, 0],
  [2, 0x80, 0xbf, 1],
  [3, 0x80, 0xbf, 2],
  [4, 0xa0, 0xbf, 1],
  [5, 0x80, 0x9f, 1],
  [6, 0x90, 0xbf, 2],
  [7, 0x80, 0x8f, 2],
  [8, 0xa0, 0xbf, 0],
  [9, 0x80, 0x80, 10],
  [9, 0x81, 0xbf, 1],
  [10, 0x80, 0xa7, 0],
  [10, 0xaa, 0xbf, 0],
]
/** Bytes that a started character still needs, by its state. */
const MISSING = [0, 1, 2, 3, 2, 2, 3, 3, 1, 2, 1] as const

/** The state after each state and byte, -1 for none. */
const NEXT = new Int8Array(MISSING.length * 256).fill(-1)
for (const [from, first, last, to] of STEPS) NEXT.fill(to, 256 * from + first, 256 * from + last + 1)

function utf8After(state: number, byte: number): number | undefined {
  const next = NEXT[256 * state + byte]!
  return next < 0 ? undefined : next
}

function unitsOf(byte: number): number {
  if (byte >= 0xf0) return 2
  return byte < 0x80 || byte >= 0xc0 ? 1 : 0
}

/** A node of the vocabulary's trie. */
interface Prefix {
  token: number
  readonly next: Map<number, Prefix>
}

const tries = new WeakMap<Vocabulary, Prefix>()

function trieOf(vocabulary: Vocabulary): Prefix {
  const known = tries.get(vocabulary)
  if (known !== undefined) return known
  const root: Prefix = { token: -1, next: new Map() }
  for (let token = 0; token < vocabulary.offsets.length - 1; token++) {
    let at = root
    for (const byte of bytesOf(vocabulary, token)) {
      const next: Prefix = at.next.get(byte) ?? { token: -1, next: new Map() }
      at.next.set(byte, next)
      at = next
    }
    if (at !== root && at.token === -1) at.token = token
  }
  tries.set(vocabulary, root)
  return root
}

/** What a vocabulary has for a free text, from a state of UTF-8 on. Most tokens are text, so they are looked at once. */
interface TextTokens {
  /** The tokens that are text alone, ascending, with their UTF-16 units and the state behind them. */
  readonly tokens: Int32Array
  readonly units: Int32Array
  readonly states: Int8Array
  /** The trie of those that leave the text. */
  readonly leaving: Prefix
}

const texts = new WeakMap<Vocabulary, Map<number, TextTokens>>()

function textTokens(vocabulary: Vocabulary, state: number): TextTokens {
  const ofStates = texts.get(vocabulary) ?? new Map<number, TextTokens>()
  texts.set(vocabulary, ofStates)
  const known = ofStates.get(state)
  if (known !== undefined) return known
  const found: { token: number; units: number; state: number }[] = []
  const descend = ({ token, next }: Prefix, state: number, units: number): Prefix => {
    if (token >= 0) found.push({ token, units, state })
    const leaving = new Map<number, Prefix>()
    for (const [byte, longer] of next) {
      const after = utf8After(state, byte)
      if (after !== undefined) {
        const further = descend(longer, after, units + unitsOf(byte))
        if (further.next.size > 0) leaving.set(byte, further)
      } else if (state === 0) leaving.set(byte, longer)
    }
    return { token: -1, next: leaving }
  }
  const leaving = descend(trieOf(vocabulary), state, 0)
  found.sort((a, b) => a.token - b.token)
  const made = {
    tokens: Int32Array.from(found, ({ token }) => token),
    units: Int32Array.from(found, ({ units }) => units),
    states: Int8Array.from(found, ({ state }) => state),
    leaving,
  }
  ofStates.set(state, made)
  return made
}

function bytesOf({ bytes, offsets }: Vocabulary, token: number): Uint8Array {
  return bytes.subarray(offsets[token], offsets[token + 1])
}

/** A constraint that is ready to walk. */
export class Walker {
  readonly #constraint: Constraint
  readonly #trie: Prefix
  /** The fewest tokens to the end from each node, with the stop token; 0 where it is not known yet. */
  readonly #needs: Int32Array
  /** 1 where a free text that something must follow is still to come. */
  readonly #pending: Uint8Array

  constructor(constraint: Constraint) {
    this.#constraint = constraint
    this.#trie = trieOf(constraint.vocabulary)
    this.#needs = new Int32Array(constraint.bytes.length)
    this.#pending = new Uint8Array(constraint.bytes.length)
    // Children first. Names may be long, so this does not recurse.
    const path = [0]
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const before = path.length
      for (const child of this.#children(node)) if (this.#needs[child] === 0) path.push(child)
      if (path.length > before) continue
      path.pop()
      if (this.#needs[node] === 0) this.#measure(node)
    }
  }

  /** The fewest tokens of a completion, with its stop token. */
  get shortest(): number {
    return this.#needs[0]!
  }

  /** The place after one more token; null if it is not allowed. */
  after(place: Place, token: number): Place | null {
    const bytes = bytesOf(this.#constraint.vocabulary, token)
    if (bytes.length === 0) return null
    let at: Place | null = place
    for (const byte of bytes) {
      at = this.#step(at, byte)
      if (at === null) return null
    }
    return at
  }

  /** Whether the completion may stop here. */
  mayEnd({ node, utf8 }: Place): boolean {
    return utf8 === 0 && this.#constraint.ends[node] === 1
  }

  /**
   * The plain tokens that may come next, ascending, if `left` tokens may follow them, of which `reserve` are kept for what
   * follows a free text.
   */
  allowed(place: Place, left: number, reserve: number): number[] {
    const tokens: number[] = []
    const descend = (at: Place, { token, next }: Prefix): void => {
      if (token >= 0 && this.#fits(at, left, reserve)) tokens.push(token)
      for (const [byte, longer] of next) {
        const further = this.#step(at, byte)
        if (further !== null) descend(further, longer)
      }
    }
    const most = this.#constraint.texts[place.node]!
    if (most >= 0) {
      const text = textTokens(this.#constraint.vocabulary, place.utf8)
      // Text stays at the node, so what it leaves room for depends on the state behind it alone.
      const fits = MISSING.map((_, utf8) => this.#fits({ ...place, utf8 }, left, reserve))
      for (let i = 0; i < text.tokens.length; i++) {
        if (place.units + text.units[i]! <= most && fits[text.states[i]!]) tokens.push(text.tokens[i]!)
      }
      descend(place, text.leaving)
    } else {
      // The root's token is -1: no token is empty.
      descend(place, this.#trie)
    }
    return tokens.sort((a, b) => a - b)
  }

  *#children(node: number): Iterable<number> {
    const { children, siblings } = this.#constraint
    for (let child = children[node]!; child >= 0; child = siblings[child]!) yield child
  }

  /**
   * Computes the need of a node whose children have theirs. It is exact but for free texts: they count as nothing, and a
   * token of one byte leaves them.
   */
  #measure(node: number): void {
    const { texts, ends } = this.#constraint
    const isText = texts[node]! >= 0
    const isEnd = ends[node] === 1
    const children = [...this.#children(node)]
    const pending = (isText && !isEnd) || children.some((child) => this.#pending[child] === 1)
    let least = isEnd ? 0 : NEVER
    if (isText) for (const child of children) least = Math.min(least, this.#needs[child]!)
    else if (!isEnd) least = this.#leastBehind(node, this.#trie)
    this.#needs[node] = least === NEVER ? NEVER : 1 + least
    this.#pending[node] = pending ? 1 : 0
  }

  /** The least need of the nodes that a token reaches. The bytes to `prefix` are its beginning, and have led to `node`. */
  #leastBehind(node: number, prefix: Prefix): number {
    const { bytes, texts } = this.#constraint
    let least = NEVER
    for (const child of this.#children(node)) {
      const next = prefix.next.get(bytes[child]!)
      if (next === undefined) continue
      if (next.token >= 0) least = Math.min(least, this.#needs[child]!)
      if (texts[child]! < 0) least = Math.min(least, this.#leastBehind(child, next))
    }
    return least
  }

  #step({ node, utf8, units }: Place, byte: number): Place | null {
    const { bytes, texts } = this.#constraint
    const most = texts[node]!
    if (most >= 0) {
      const next = utf8After(utf8, byte)
      if (next !== undefined) {
        const longer = units + unitsOf(byte)
        return longer <= most ? { node, utf8: next, units: longer } : null
      }
      if (utf8 !== 0) return null
    }
    for (const child of this.#children(node)) if (bytes[child] === byte) return { node: child, utf8: 0, units: 0 }
    return null
  }

  #fits({ node, utf8 }: Place, left: number, reserve: number): boolean {
    return left >= this.#needs[node]! + MISSING[utf8]! + (this.#pending[node] === 1 ? reserve : 0)
  }
}
