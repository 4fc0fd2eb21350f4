/** Runs in the page: finds where to click, and performs what keys and mouse cannot do. */
import type { Obstacle } from '../../store/episode.ts'
import type { FieldTexts, TextForm } from '../observation.ts'
import type { Field, Impossible, Lab, TaskWindow } from './lab.ts'

/** Installs `box`, `locate`, `accepts`, `field`, `fill`, `select` and `click`. */
export function reachIntoPage(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** Milliseconds for which an element may be covered, and between two looks. */
  const PATIENCE = 300
  const TURN = 20
  const NO_TEXT = ['checkbox', 'radio', 'file', 'button', 'submit', 'reset', 'image', 'hidden']
  const TYPED = ['text', 'search', 'password', 'email', 'tel', 'url', 'number']
  /** Fields whose values have a form, and why they do not take a text of another form. */
  const FORMS: Readonly<Record<string, Obstacle>> = {
    date: 'notDate',
    time: 'notTime',
    month: 'notMonth',
    week: 'notWeek',
    'datetime-local': 'notDatetime',
    number: 'notNumber',
    range: 'notOnSlider',
    color: 'notColor',
  }
  /** The most options that a line shows, and values of a slider that are listed. */
  const MOST_OPTIONS = 60
  const MOST_VALUES = 1001

  const find = (ref: number): Element | Impossible => {
    const element = lab.elements.get(ref)
    return element?.isConnected === true ? element : { impossible: 'gone' }
  }
  const changed = (element: Element): void => {
    element.dispatchEvent(new Event('input', { bubbles: true }))
    element.dispatchEvent(new Event('change', { bubbles: true }))
  }
  const isUsable = (element: Element): boolean =>
    element instanceof HTMLInputElement ||
    element instanceof HTMLButtonElement ||
    element instanceof HTMLSelectElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLAnchorElement ||
    lab.listens(element)

  lab.box = (ref) => {
    const { x, y, width, height } = lab.elements.get(ref)?.getBoundingClientRect() ?? new DOMRect()
    return width > 0 && height > 0 ? { x, y, width, height } : null
  }

  lab.locate = async (ref) => {
    const element = find(ref)
    if (!(element instanceof Element)) return element
    if (element.matches(':disabled')) return { impossible: 'disabled' }
    const others = new Set(lab.elements.values())
    const hits = (x: number, y: number): boolean => {
      const hit = document.elementFromPoint(x, y)
      if (hit === null) return false
      if (hit === element) return true
      // A click on a field's label is a click on the field.
      if (element instanceof HTMLInputElement && [...(element.labels ?? [])].some((label) => label.contains(hit))) {
        return true
      }
      if (!element.contains(hit)) return false
      for (let inner: Element | null = hit; inner !== element && inner !== null; inner = inner.parentElement) {
        if (others.has(inner) && isUsable(inner)) return false
      }
      return true
    }
    const search = (): { x: number; y: number } | null => {
      const boxes = [...element.getClientRects()]
      if (element instanceof HTMLInputElement) {
        for (const label of element.labels ?? []) boxes.push(...label.getClientRects())
      }
      for (const inset of [0.5, 0.25, 0.1]) {
        for (const { left, top, width, height } of boxes) {
          for (const [across, down] of [
            [inset, 0.5],
            [1 - inset, 0.5],
            [inset, inset],
            [1 - inset, 1 - inset],
            [0.5, inset],
            [0.5, 1 - inset],
          ]) {
            const x = left + width * across!
            const y = top + height * down!
            if (hits(x, y)) return { x, y }
          }
        }
      }
      return null
    }
    // A picture has no size before it is loaded, and the covering element may be about to disappear. Looks are counted,
    // not the clock: in a machine that slept it is late at once, and the page's timers still wait.
    for (let point = search(), waited = 0; ; point = search(), waited += TURN) {
      if (point !== null) return point
      if (waited > PATIENCE) return { impossible: 'covered' }
      element.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' })
      point = search()
      if (point !== null) return point
      await new Promise((resolve) => setTimeout(resolve, TURN))
    }
  }

  const isTextField = (element: Element): element is HTMLInputElement | HTMLTextAreaElement =>
    element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && !NO_TEXT.includes(element.type))

  /** Uses the browser's setter, in case a library of the page has put its own on the element. */
  const setValue = (element: HTMLInputElement | HTMLTextAreaElement, text: string): void => {
    const { prototype } = element instanceof HTMLInputElement ? HTMLInputElement : HTMLTextAreaElement
    Object.getOwnPropertyDescriptor(prototype, 'value')!.set!.call(element, text)
  }

  /**
   * Why the field does not take this text; null where it does. The browser puts an empty text, or the nearest value, in
   * the place of a value that has not the field's form, and cuts off what is too long. The agent would take that for done.
   */
  const refusal = (element: HTMLInputElement | HTMLTextAreaElement, text: string): Obstacle | null => {
    const form = element instanceof HTMLInputElement ? FORMS[element.type] : undefined
    if (form === undefined) return element.maxLength >= 0 && text.length > element.maxLength ? 'tooLong' : null
    const copy = element.cloneNode() as HTMLInputElement
    setValue(copy, text)
    const { value } = copy
    if (form === 'notOnSlider') return text.trim() !== '' && Number(text) === Number(value) ? null : form
    if (form === 'notColor') return value === text.toLowerCase() ? null : form
    return (value === '') === (text === '') ? null : form
  }

  const fieldOf = (element: Element, text?: string): Field | Impossible => {
    const editable = element instanceof HTMLElement && element.isContentEditable
    if (!isTextField(element)) return editable ? { typed: true } : { impossible: 'noText' }
    if (element.matches(':disabled') || element.readOnly) return { impossible: 'readOnly' }
    const why = text === undefined ? null : refusal(element, text)
    if (why !== null) return { impossible: why }
    return { typed: element instanceof HTMLTextAreaElement || TYPED.includes(element.type) }
  }

  /** The values that a slider can have; null where they are too many. */
  const sliderValues = ({ min, max, step }: HTMLInputElement): FieldTexts => {
    const first = Number(min || 0)
    const by = Number(step || 1)
    const count = Math.floor((Number(max || 100) - first) / (by > 0 ? by : 1)) + 1
    if (!(count >= 1 && count <= MOST_VALUES)) return { form: 'number' }
    const copy = document.createElement('input')
    copy.type = 'range'
    Object.assign(copy, { min, max, step })
    return {
      values: Array.from({ length: count }, (_, at) => {
        setValue(copy, String(first + at * (by > 0 ? by : 1)))
        return copy.value
      }),
    }
  }

  const textsOf = (element: Element): FieldTexts | null => {
    if ('impossible' in fieldOf(element)) return null
    if (!isTextField(element)) return { form: 'text' }
    const type = element instanceof HTMLInputElement ? element.type : ''
    if (type === 'range') return sliderValues(element as HTMLInputElement)
    const form = type === 'datetime-local' ? 'datetime' : type
    if (FORMS[type] !== undefined) return { form: form as TextForm }
    return element.maxLength >= 0 ? { form: 'text', most: element.maxLength } : { form: 'text' }
  }

  const optionOf = (element: HTMLSelectElement, text: string): HTMLOptionElement | undefined =>
    [...element.options].find((candidate) => lab.clean(candidate.text, 60) === text)

  lab.accepts = (element) => {
    const click = !element.matches(':disabled')
    const shown = element instanceof HTMLSelectElement && click ? [...element.options].slice(0, MOST_OPTIONS) : []
    const select = shown
      .map(({ text }) => lab.cleanName(text))
      .filter((text) => optionOf(element as HTMLSelectElement, text)?.matches(':disabled') === false)
    return { click, fill: textsOf(element), select }
  }

  lab.field = (ref, text) => {
    const element = find(ref)
    return element instanceof Element ? fieldOf(element, text) : element
  }

  lab.fill = (ref, text) => {
    const field = lab.field(ref, text ?? undefined)
    if ('impossible' in field) return field
    const element = find(ref) as HTMLElement
    const { typed } = field
    if (text !== null) {
      element.focus()
      if (isTextField(element)) setValue(element, text)
      else element.textContent = text
      changed(element)
      return { typed }
    }
    if (!typed) return { typed }
    if (document.activeElement !== element) element.focus()
    if (document.activeElement !== element) return { impossible: 'noFocus' }
    if (isTextField(element)) element.select()
    else getSelection()?.selectAllChildren(element)
    return { typed }
  }

  lab.select = (ref, text) => {
    const element = find(ref)
    if (!(element instanceof Element)) return element
    if (!(element instanceof HTMLSelectElement)) return { impossible: 'noOptions' }
    const option = optionOf(element, text)
    if (option === undefined) return { impossible: 'noSuchOption' }
    if (element.matches(':disabled') || option.matches(':disabled')) return { impossible: 'optionDisabled' }
    element.focus()
    // In a list with multiple choice, choosing an option again deselects it.
    option.selected = element.multiple ? !option.selected : true
    changed(element)
    return null
  }

  lab.click = (ref) => {
    const element = find(ref)
    if (!(element instanceof Element)) return element
    if (element.matches(':disabled')) return { impossible: 'disabled' }
    if (element instanceof HTMLElement) {
      element.click()
      element.focus()
    } else {
      for (const type of ['mousedown', 'mouseup', 'click']) {
        element.dispatchEvent(new MouseEvent(type, { bubbles: true }))
      }
    }
    return null
  }
}
