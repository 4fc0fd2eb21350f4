/** Runs in the page: lists the elements that the agent sees, and gives them refs. */
import type { Lab, PageLine, TaskWindow } from './lab.ts'

/**
 * Installs `observe` and `forget`. Refs count up in the order in which elements are first listed, and do not change.
 */
export function observePage(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  const refs = new Map<Element, number>()
  let nextRef = 1

  lab.forget = () => {
    refs.clear()
    lab.elements.clear()
    nextRef = 1
  }

  const refOf = (element: Element): number => {
    const known = refs.get(element)
    if (known !== undefined) return known
    const ref = nextRef++
    refs.set(element, ref)
    lab.elements.set(ref, element)
    return ref
  }

  /** About how many characters a line takes. */
  const costOf = ({ observed: { role, name, value = '', options = [] } }: PageLine): number =>
    role.length + name.length + value.length + options.join(' | ').length + 6

  lab.observe = (budget) => {
    const lines = lab.lines()
    // Interactive elements come first, then text; both from the top of the page until the budget is spent.
    const kept = new Set<PageLine>()
    let room = budget.characters
    for (const line of [...lines.filter(({ usable }) => usable), ...lines.filter(({ usable }) => !usable)]) {
      const cost = costOf(line)
      if (kept.size >= budget.elements || cost > room) continue
      room -= cost
      kept.add(line)
    }
    const elements = lines
      .filter((line) => kept.has(line))
      .map(({ element, observed }) => ({ ref: refOf(element), ...observed, accepts: lab.accepts(element) }))
    return { elements, dropped: lines.length - elements.length }
  }
}
