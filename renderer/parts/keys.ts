/** Keys that work wherever the focus is, except where somebody needs them for something else. */
import { type HotkeyItem, useHotkeys } from '@mantine/hooks'

/** Inputs that take no text: a key means nothing to them but what `OWN` says. */
const NO_TEXT = ['button', 'checkbox', 'file', 'image', 'radio', 'reset', 'submit']

/** Whether keys pressed there are written down. */
function isTyping(target: HTMLElement): boolean {
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type)
  return target.matches('textarea, select') || target.isContentEditable
}

/** What controls do by themselves with a key. */
const OWN: readonly (readonly [key: RegExp, controls: string])[] = [
  [/^Arrow/, 'input[type=radio]'],
  [/^ $/, 'button, a, summary, input'],
]

/**
 * Whether somebody goes about by pointer: a control that was clicked has done its work and keeps no keys, one that was
 * reached by Tab is to be worked by keys. (:focus-visible turns true with the key itself.)
 */
let isPointing = true
const setPointing = ({ type, key }: { type: string; key?: string }) => {
  if (type === 'pointerdown' || key === 'Tab') isPointing = type === 'pointerdown'
}
window.addEventListener('pointerdown', setPointing, true)
window.addEventListener('keydown', setPointing, true)

/** Whether a key belongs to where it was pressed, and not to the view. */
export function isTaken({ target, key, defaultPrevented }: KeyboardEvent): boolean {
  if (defaultPrevented) return true
  if (!(target instanceof HTMLElement)) return false
  if (isTyping(target) || target.closest('[role=dialog], [role=menu]') !== null) return true
  return !isPointing && OWN.some(([keys, controls]) => keys.test(key) && target.matches(controls))
}

/** `useHotkeys` that leaves fields their keys, and lets every other control (tabs, switches, buttons) have the view's. */
export function useKeys(bindings: readonly (readonly [key: string, act: (event: KeyboardEvent) => void])[]): void {
  const items = bindings.map(([key, act]): HotkeyItem => {
    const handle = (event: KeyboardEvent) => {
      if (isTaken(event)) return
      event.preventDefault()
      act(event)
    }
    // It would keep letters from fields as well.
    return [key, handle, { preventDefault: false }]
  })
  useHotkeys(items, [], true)
}
