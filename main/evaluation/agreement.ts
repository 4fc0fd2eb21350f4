/** How far annotators agree. */

export interface Agreement {
  /** Items that both judged. */
  readonly n: number
  /** The share of them with the same judgement; null where n is 0. */
  readonly observed: number | null
  /**
   * Cohen's kappa: the share of agreement beyond that of two annotators who judge at random, each as often in each way as
   * these do. 1 is full agreement and 0 that of chance. Null where chance alone agrees always, or n is 0.
   */
  readonly kappa: number | null
}

/**
 * The agreement of two annotators over the items that both judged. Judgements are by item.
 * Cohen, A coefficient of agreement for nominal scales, 1960, equation 1.
 */
export function agreement<Item>(one: ReadonlyMap<Item, string>, other: ReadonlyMap<Item, string>): Agreement {
  const both = [...one].flatMap(([item, a]) => {
    const b = other.get(item)
    return b === undefined ? [] : [[a, b] as const]
  })
  const n = both.length
  if (n === 0) return { n, observed: null, kappa: null }
  const share = (side: 0 | 1, category: string) => both.filter((pair) => pair[side] === category).length / n
  const observed = both.filter(([a, b]) => a === b).length / n
  const chance = [...new Set(both.flat())].reduce((sum, category) => sum + share(0, category) * share(1, category), 0)
  return { n, observed, kappa: chance === 1 ? null : (observed - chance) / (1 - chance) }
}
