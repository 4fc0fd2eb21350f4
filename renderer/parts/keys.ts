/** Keyboard shortcuts that work wherever the focus is, unless the focused element uses the key itself. */
import { type HotkeyItem, useHotkeys } from '@mantine/hooks'

/** Types of input without text. They use only the keys in `OWN`. */
const NO_TEXT = ['button', 'checkbox', 'file', 'image', 'radio', 'reset', 'submit']

/** Whether keys pressed there enter text. */
function isTyping(target: HTMLElement): boolean {
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type)
  return target.matches('textarea, select') || target.isContentEditable
}

/** Keys that controls use themselves. */
const OWN: readonly (readonly [key: RegExp, controls: string])[] = [
  [/^Arrow/, 'input[type=radio]'],
  [/^ $/, 'button, a, summary, input'],
]

/**
 * Whether the last action was by pointer. A clicked control has done its work and keeps no keys; one that was reached
 * by Tab keeps its own. (:focus-visible turns true with the key itself, so it cannot tell.)
 */
let isPointing = true
const setPointing = ({ type, key }: { type: string; key?: string }) => {
  if (type === 'pointerdown' || key === 'Tab') isPointing = type === 'pointerdown'
}
window.addEventListener('pointerdown', setPointing, true)
window.addEventListener('keydown', setPointing, true)

/** Whether a key belongs to the element where it was pressed, and not to the view. */
export function isTaken({ target, key, defaultPrevented }: KeyboardEvent): boolean {
  if (defaultPrevented) return true
  if (!(target instanceof HTMLElement)) return false
  if (isTyping(target) || target.closest('[role=dialog], [role=menu]') !== null) return true
  return !isPointing && OWN.some(([keys, controls]) => keys.test(key) && target.matches(controls))
}

/**
 * `useHotkeys` that leaves text fields their keys. All other controls (tabs, switches, buttons) pass keys on to the
 * view.
 */
export function useKeys(bindings: readonly (readonly [key: string, act: (event: KeyboardEvent) => void])[]): void {
  const items = bindings.map(([key, act]): HotkeyItem => {
    const handle = (event: KeyboardEvent) => {
      if (isTaken(event)) return
      event.preventDefault()
      act(event)
    }
    // Otherwise Mantine would also block letters that are typed into fields.
    return [key, handle, { preventDefault: false }]
  })
  useHotkeys(items, [], true)
}
