/** Runs in the page: finds what is visible and what is interactive. */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `look`. */
export function lookAtPage(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** Elements of the page's protocol, and elements that are never visible. */
  const MACHINERY =
    '#query, #reward-display, #sync-task-cover, #click-canvas, script, style, noscript, template, br, hr'
  const INPUT_ROLES: Readonly<Record<string, string>> = {
    button: 'button',
    submit: 'button',
    reset: 'button',
    image: 'button',
    checkbox: 'checkbox',
    radio: 'radio',
    range: 'slider',
    number: 'spinbutton',
    date: 'date',
    time: 'time',
    month: 'month',
    week: 'week',
    'datetime-local': 'datetime',
    color: 'color',
    file: 'file',
  }
  const USABLE_ROLES = new Set(
    'button link tab option menuitem menuitemcheckbox menuitemradio treeitem switch checkbox radio textbox searchbox combobox listbox slider spinbutton'.split(
      ' ',
    ),
  )
  const CLASS_ROLES = ['button', 'link', 'tab', 'checkbox', 'radio', 'folder']

  /** Caches the answer to a question for each element. */
  const once = <T>(ask: (element: Element) => T): ((element: Element) => T) => {
    const known = new Map<Element, T>()
    return (element) => {
      if (known.has(element)) return known.get(element) as T
      const answer = ask(element)
      known.set(element, answer)
      return answer
    }
  }

  lab.look = () => {
    const style = once((element) => getComputedStyle(element))
    const size = once((element) => element.getBoundingClientRect())
    const isPicture = once(
      (element) => element instanceof HTMLImageElement || style(element).content.startsWith('url('),
    )
    const isRendered = once((element) => {
      if (element.matches(MACHINERY)) return false
      // Each property of a style takes time to read.
      const computed = style(element)
      if (computed.display === 'none') return false
      if (isPicture(element)) lab.pictures.add(element)
      if (isPicture(element) || element instanceof SVGElement) return true
      const { width, height } = size(element)
      if (width <= 1 && height <= 1 && computed.position === 'absolute') return false
      return !((width === 0 || height === 0) && computed.overflow !== 'visible')
    })
    const isSeen = once((element) => {
      if (style(element).visibility !== 'visible') return false
      if (isPicture(element)) return true
      const { width, height } = size(element)
      return element instanceof SVGElement ? width > 0 || height > 0 : width > 0 && height > 0
    })
    const isInline = (element: Element): boolean => {
      const { display } = style(element)
      return display.startsWith('inline') || display === 'contents'
    }
    const isClickable = once((element): boolean => {
      if (lab.isFrame(element)) return false
      if (lab.listens(element) || (element.getAttribute('tabindex') ?? '-') >= '0') return true
      const { parentElement } = element
      return (
        style(element).cursor === 'pointer' && (parentElement === null || style(parentElement).cursor !== 'pointer')
      )
    })
    const role = once((element): string | null => {
      const aria = element.getAttribute('role')
      if (aria !== null && USABLE_ROLES.has(aria)) return aria
      if (element instanceof HTMLInputElement) return INPUT_ROLES[element.type] ?? 'textbox'
      if (element instanceof HTMLTextAreaElement) return 'textarea'
      if (element instanceof HTMLSelectElement) return element.multiple || element.size > 1 ? 'listbox' : 'combobox'
      if (element instanceof HTMLButtonElement || element.localName === 'summary') return 'button'
      if (element instanceof HTMLElement && element.isContentEditable && !element.parentElement?.isContentEditable) {
        return 'textbox'
      }
      if (element instanceof HTMLAnchorElement && (element.href !== '' || isClickable(element))) return 'link'
      if (element.matches('.ui-slider-handle')) return 'slider'
      if (isClickable(element)) {
        const classes = element.getAttribute('class')?.toLowerCase() ?? ''
        return CLASS_ROLES.find((name) => classes.includes(name) && !classes.includes('-')) ?? null
      }
      return null
    })
    const holdsUsable = once(
      (element): boolean =>
        isRendered(element) &&
        ((isSeen(element) && (role(element) !== null || isClickable(element))) ||
          [...element.children].some(holdsUsable)),
    )
    return { style, size, isPicture, isRendered, isSeen, isInline, role, isClickable, holdsUsable }
  }
}
