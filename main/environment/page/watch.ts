/**
 * Runs in the page, before its own scripts: records which elements listen for clicks and which timers will fire soon.
 */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `listens` and `settle`. */
export function watchPage(): void {
  const page = window as unknown as TaskWindow & { dpoDriver: Partial<Lab> }
  const lab = { elements: new Map<number, Element>(), pictures: new Set<Element>() } as Partial<Lab>
  page.dpoDriver = lab as TaskWindow['dpoDriver']

  const listeners = new WeakMap<EventTarget, number>()
  const { addEventListener, removeEventListener } = EventTarget.prototype
  const count = (target: EventTarget | null | undefined, type: string, change: number): void => {
    if (type === 'click' && target instanceof Element) {
      listeners.set(target, Math.max(0, (listeners.get(target) ?? 0) + change))
    }
  }
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>) {
    count(this, args[0], 1)
    addEventListener.apply(this, args)
  } as typeof addEventListener
  EventTarget.prototype.removeEventListener = function (
    this: EventTarget,
    ...args: Parameters<typeof removeEventListener>
  ) {
    count(this, args[0], -1)
    removeEventListener.apply(this, args)
  } as typeof removeEventListener
  lab.listens = (element) =>
    (listeners.get(element) ?? 0) > 0 || (element instanceof HTMLElement && element.onclick !== null)

  // Menus, autocompletion and date pickers use timers of up to 300 ms. Timers set by such a timer are waited for too,
  // but only three deep: a page with a running clock would never be still.
  const LONGEST = 400
  const DEEPEST = 3
  const pending = new Map<number, number>()
  let depth = 0
  const { setTimeout: set, clearTimeout: clear } = window
  const later = (work: TimerHandler, delay = 0, ...rest: unknown[]): number => {
    if (typeof work !== 'function' || delay > LONGEST || depth >= DEEPEST) return set(work, delay, ...rest)
    const own = depth + 1
    const id = set(() => {
      pending.delete(id)
      const outer = depth
      depth = own
      try {
        work(...rest)
      } finally {
        depth = outer
      }
    }, delay)
    pending.set(id, own)
    return id
  }
  window.setTimeout = later as typeof window.setTimeout
  window.clearTimeout = ((id?: number) => {
    if (id !== undefined) pending.delete(id)
    clear(id)
  }) as typeof window.clearTimeout

  const { pictures } = lab as Lab
  const moving = (animation: Animation): boolean =>
    animation.playState === 'running' && Number.isFinite(Number(animation.effect?.getComputedTiming().endTime))
  // A picture that loads late moves what is below it, perhaps from where the mouse is about to click.
  const isLoading = (picture: Element): boolean => {
    const { width, height } = picture.getBoundingClientRect()
    return picture.isConnected && (width === 0 || height === 0)
  }
  const busy = (): boolean =>
    pending.size > 0 ||
    [...pictures].some(isLoading) ||
    (page.jQuery?.timers.length ?? 0) > 0 ||
    document.getAnimations().some(moving)

  lab.settle = async (limit) => {
    // Waits are counted, not the clock: in a machine that slept it is late at once, and the page's timers still wait.
    for (let waited = 0; busy() && waited < limit; waited += 10) await new Promise((resolve) => set(resolve, 10))
    pictures.clear()
  }
}
