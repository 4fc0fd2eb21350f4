/** Runs in the page: reads the states of interactive elements. */
import type { State } from '../observation.ts'
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `states`. */
export function readStates(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  const SELECTED_CLASSES = ['selected', 'clicked', 'active', 'checked']

  lab.states = (element, role, look) => {
    const aria = (attribute: string): boolean => element.getAttribute(`aria-${attribute}`) === 'true'
    const isSelected = (): boolean =>
      aria('selected') ||
      (look.isClickable(element) && SELECTED_CLASSES.some((part) => element.classList.contains(part)))
    const disabled = element.matches(':disabled') || aria('disabled')
    // The browser takes the focus from a disabled element in its next frame, which may come before or after this.
    const isFocused = (): boolean =>
      document.activeElement === element && !disabled && (lab.isField(element) || role === 'textbox')
    // A selected tab is expanded, too.
    const isExpanded = (): boolean =>
      (aria('expanded') && role !== 'tab') ||
      (element.localName === 'summary' && element.parentElement?.hasAttribute('open') === true)

    const states: State[] = []
    if ((element as HTMLInputElement).checked === true || aria('checked')) states.push('checked')
    if (isSelected()) states.push('selected')
    if (isFocused()) states.push('focused')
    if (disabled) states.push('disabled')
    if (isExpanded()) states.push('expanded')
    return states
  }
}
