/** Runs in the page: the states of what can be used. */
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
    // The browser takes the focus from what was disabled with its next frame, which may be before or after this.
    const isFocused = (): boolean =>
      document.activeElement === element && !disabled && (lab.isField(element) || role === 'textbox')
    // A tab that is selected is expanded, too.
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
