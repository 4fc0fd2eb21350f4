/** Brings a panel into view that a press elsewhere on the page has opened. */

/** Scrolls to the panel with this id once it is drawn, and moves the focus to its heading. */
export function reveal(id: string): void {
  requestAnimationFrame(() => {
    const panel = document.getElementById(id)
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    panel?.scrollIntoView({ block: 'start', behavior: still ? 'auto' : 'smooth' })
    panel?.querySelector('h2')?.focus({ preventScroll: true })
  })
}
