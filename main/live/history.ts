/** Values over time, in bounded memory. */

/** A value is null where it was not known. */
export type Values<Name extends string> = Readonly<Record<Name, number | null>>

export interface Columns<Name extends string> {
  /** The middle of each point's time, in milliseconds since 1970. */
  readonly at: readonly number[]
  readonly values: Readonly<Record<Name, readonly (number | null)[]>>
}

interface Point<Name extends string> {
  /** Milliseconds since 1970. */
  at: number
  /** How many samples it stands for. */
  samples: number
  values: Values<Name>
}

/** The last samples, each as it is. */
export class Recent<Name extends string> {
  readonly #names: readonly Name[]
  readonly #most: number
  #points: Point<Name>[] = []

  constructor(names: readonly Name[], most: number) {
    this.#names = names
    this.#most = most
  }

  add(at: number, values: Values<Name>): void {
    this.#points.push({ at, samples: 1, values })
    if (this.#points.length > this.#most) this.#points.shift()
  }

  columns(): Columns<Name> {
    return columnsOf(this.#names, this.#points)
  }
}

/**
 * All samples since the beginning, in at most `most` points. When there are more, each two become one, which is their mean; so
 * the points stand for ever more time.
 */
export class Whole<Name extends string> {
  readonly #names: readonly Name[]
  readonly #most: number
  #points: Point<Name>[] = []
  /** Samples of a point. */
  #size = 1

  /** `most` is even. */
  constructor(names: readonly Name[], most: number) {
    this.#names = names
    this.#most = most
  }

  add(at: number, values: Values<Name>): void {
    const sample = { at, samples: 1, values }
    const last = this.#points.at(-1)
    if (last !== undefined && last.samples < this.#size) {
      this.#points[this.#points.length - 1] = this.#joined(last, sample)
      return
    }
    if (this.#points.length === this.#most) {
      this.#points = this.#points.flatMap((point, place, all) =>
        place % 2 === 0 ? [this.#joined(point, all[place + 1]!)] : [],
      )
      this.#size *= 2
    }
    this.#points.push(sample)
  }

  clear(): void {
    this.#points = []
    this.#size = 1
  }

  columns(): Columns<Name> {
    return columnsOf(this.#names, this.#points)
  }

  #joined(a: Point<Name>, b: Point<Name>): Point<Name> {
    const samples = a.samples + b.samples
    const mean = (one: number, other: number) => (one * a.samples + other * b.samples) / samples
    const values = this.#names.map((name): [Name, number | null] => {
      const [one, other] = [a.values[name], b.values[name]]
      return [name, one === null || other === null ? (one ?? other) : mean(one, other)]
    })
    return { at: mean(a.at, b.at), samples, values: Object.fromEntries(values) as Values<Name> }
  }
}

/** Four digits are more than a curve can show. */
function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4))
}

function columnsOf<Name extends string>(names: readonly Name[], points: readonly Point<Name>[]): Columns<Name> {
  const values = names.map((name): [Name, (number | null)[]] => [
    name,
    points.map((point) => short(point.values[name])),
  ])
  return {
    at: points.map(({ at }) => Math.round(at)),
    values: Object.fromEntries(values) as Record<Name, (number | null)[]>,
  }
}
