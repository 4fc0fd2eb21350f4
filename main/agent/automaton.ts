/** Builds the automaton of a constraint: texts, and what may follow them. */
import type { Constraint } from '../engine/engine.ts'

/** A node, by its index. */
export type Node = number

/** More than any text has. */
export const ANY_LENGTH = 2 ** 30

export class Automaton {
  readonly #bytes: number[] = []
  readonly #children: number[] = []
  readonly #siblings: number[] = []
  readonly #texts: number[] = []
  readonly #ends: number[] = []

  /** Node 0, where every text begins. */
  readonly start: Node = this.node()

  /** A new node that nothing leads to yet. */
  node(byte = 0): Node {
    this.#children.push(-1)
    this.#siblings.push(-1)
    this.#texts.push(-1)
    this.#ends.push(0)
    return this.#bytes.push(byte) - 1
  }

  /** Follows a text from a node, and adds the nodes that are missing. Returns the last one. */
  follow(from: Node, text: string): Node {
    let at = from
    for (const byte of Buffer.from(text)) at = this.#child(at, byte) ?? this.#add(at, byte)
    return at
  }

  /** Lets the completion stop at a node. */
  end(node: Node): void {
    this.#ends[node] = 1
  }

  /** Lets a free text on one line stand behind a node, of at most so many UTF-16 units. */
  text(node: Node, most: number): void {
    this.#texts[node] = most
  }

  /** Lets everything follow a node that follows another. Nothing may follow the node yet, nor be added to either later. */
  share(node: Node, other: Node): void {
    this.#children[node] = this.#children[other]!
    this.#ends[node] = this.#ends[other]!
  }

  /** The automaton as an engine takes it. */
  build(): Omit<Constraint, 'vocabulary' | 'reserve'> {
    return {
      bytes: Uint8Array.from(this.#bytes),
      children: Int32Array.from(this.#children),
      siblings: Int32Array.from(this.#siblings),
      texts: Int32Array.from(this.#texts),
      ends: Uint8Array.from(this.#ends),
    }
  }

  #child(node: Node, byte: number): Node | undefined {
    for (let child = this.#children[node]!; child >= 0; child = this.#siblings[child]!) {
      if (this.#bytes[child] === byte) return child
    }
    return undefined
  }

  #add(node: Node, byte: number): Node {
    const added = this.node(byte)
    this.#siblings[added] = this.#children[node]!
    this.#children[node] = added
    return added
  }
}
