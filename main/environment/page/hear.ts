/** Runs in the page: reports a person's input as actions of the agent. */
import type { Heard, Lab, TaskWindow } from './lab.ts'

/** Installs `hear`. */
export function hearPage(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  const KEYS =
    'Enter Tab Escape Backspace Delete ArrowUp ArrowDown ArrowLeft ArrowRight Space Home End PageUp PageDown'.split(' ')
  /** Kinds of fields whose value the arrow keys change. */
  const STEPPED = ['number', 'range', 'date', 'time', 'month', 'week', 'datetime-local']
  /** Whether a key does more in this text field than edit the text: up and down choose a suggestion. */
  const doesMore = (field: EventTarget | null, key: string): boolean => {
    if (['Tab', 'Escape'].includes(key)) return true
    if (key === 'Enter') return !(field instanceof HTMLTextAreaElement)
    return ['ArrowUp', 'ArrowDown'].includes(key) && field instanceof HTMLInputElement && !STEPPED.includes(field.type)
  }
  const LONGEST = 2000
  let heard: Heard[] | null = null
  /** Whether a key is down. A click without a mouse then comes from that key, and the agent would press it. */
  let keyDown = false

  /** The ref of the innermost listed element that contains the target. */
  const refOf = (target: EventTarget | null): number | null => {
    for (let element = target as Element | null; element instanceof Element; element = element.parentElement) {
      for (const [ref, listed] of lab.elements) if (listed === element) return ref
    }
    return null
  }
  /** Whether the agent fills the element. What a person does to edit its value is then no action of its own. */
  const isFilled = (ref: number): boolean => 'typed' in lab.field(ref)
  const hear = (type: string, listen: (event: Event) => void): void => {
    window.addEventListener(type, (event) => heard !== null && event.isTrusted && listen(event), true)
  }
  const listen = (): void => {
    hear('mousedown', (event) => {
      const ref = refOf(event.target)
      if (ref === null || !(lab.elements.get(ref) instanceof HTMLSelectElement)) return
      // The browser's own menu of options is not in the pictures, and a viewer's mouse cannot reach it.
      event.preventDefault()
      heard?.push({ kind: 'ask', ref })
    })
    hear('click', (event) => {
      if (keyDown && (event as MouseEvent).detail === 0) return
      const target = event.target as Element
      const label = target.closest('label')
      // A label passes its click on to its field. The second click counts.
      if (label?.control && label.control !== target && !label.control.contains(target)) return
      const ref = refOf(target)
      if (ref === null || lab.elements.get(ref) instanceof HTMLSelectElement) return
      heard?.push({ kind: 'click', ref, field: isFilled(ref) })
    })
    hear('input', ({ target }) => {
      const ref = refOf(target)
      if (ref === null) return
      if (target instanceof HTMLSelectElement) {
        const option = target.selectedOptions[0]
        if (option !== undefined) heard?.push({ kind: 'select', ref, option: lab.clean(option.text, 60) })
      } else if (isFilled(ref)) {
        const element = target as HTMLInputElement | HTMLElement
        heard?.push({
          kind: 'fill',
          ref,
          text: ('value' in element ? element.value : (element.textContent ?? '')).slice(0, LONGEST),
        })
      }
    })
    hear('keydown', (event) => {
      keyDown = true
      const pressed = (event as KeyboardEvent).key
      const key = pressed === ' ' ? 'Space' : pressed
      if (!KEYS.includes(key)) return
      const ref = refOf(event.target)
      if (ref !== null && isFilled(ref) && !doesMore(event.target, key)) return
      heard?.push({ kind: 'press', key })
    })
    hear('keyup', () => {
      keyDown = false
    })
  }

  let listens = false
  lab.hear = () => {
    if (!listens) listen()
    listens = true
    const all = heard ?? []
    heard = []
    return all
  }
  const { forget } = lab
  lab.forget = () => {
    heard = null
    forget()
  }
}
