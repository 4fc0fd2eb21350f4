/**
 * Runs in the page: turns it into lines.
 *
 * - A line for everything that can be used, and one for every run of text; what one line shows, no other repeats.
 * - The text beside a field is its name, not a line of its own; a paragraph is one line, the links in it are others.
 * - A value is shown with the spaces it has; all other text with single ones.
 * - What has no text is named by its label, else by what its attributes, class or colour say.
 */
import type { Lab, PageLine, TaskWindow } from './lab.ts'

/** Installs `lines`. */
export function writeLines(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** An element that listens for clicks and has more text than this is a part of the page, not a line. */
  const CLICKABLE_LENGTH = 120
  const MOST_OPTIONS = 60
  const SHAPES: Readonly<Record<string, string>> = { rect: 'rectangle', path: 'shape', g: 'shape', image: 'img' }

  lab.lines = () => {
    const look = lab.look()
    const texts = lab.texts(look)
    const names = lab.names(look)
    // This comes first, so that a field's name gets no line of its own.
    const labels = lab.labels(look, texts)
    const lines: PageLine[] = []
    const add = (
      element: Element,
      role: string,
      name: string,
      usable: boolean,
      more: Partial<PageLine['observed']> = {},
    ) => {
      lines.push({ element, usable, observed: { role, name, states: lab.states(element, role, look), ...more } })
    }

    // Each of these functions adds the line of an element, if it has one, and returns the elements in it that may have
    // lines of their own.

    const field = (element: Element, role: string): Iterable<Element> => {
      const name = labels.get(element) ?? lab.cleanLabel(names.byAttributes(element))
      if (element instanceof HTMLSelectElement) {
        const optionNames = (options: readonly HTMLOptionElement[]) => options.map(({ text }) => lab.cleanName(text))
        const options = [...element.options]
        const value = optionNames(options.filter(({ selected }) => selected)).join(', ')
        add(element, role, name, true, { value, options: optionNames(options.slice(0, MOST_OPTIONS)) })
        return []
      }
      const { value } = element as HTMLInputElement
      const hasValue = role !== 'checkbox' && role !== 'radio' && value !== undefined
      add(element, role, name, true, hasValue ? { value: lab.cleanValue(value) } : {})
      return []
    }

    const usable = (element: Element, role: string): Iterable<Element> => {
      // An input contains no text; a button's text is its value.
      const { text, nodes } = texts.of(element, true)
      const own = lab.cleanName(element instanceof HTMLInputElement ? element.value : text)
      texts.show(nodes)
      const inside = [...element.children].filter(look.holdsUsable)
      const [first] = inside
      // Widget libraries nest an element with the same text in a tab or a menu entry. It adds nothing.
      const only = inside.length === 1 && own === '' ? lab.cleanName(first!.textContent ?? '') : ''
      if (only !== '' && first!.querySelector('ul, ol, input') === null) {
        add(element, role, only, true)
        return []
      }
      if (own !== '' || inside.length === 0) {
        const label = element.getAttribute('aria-label') || names.ofPicture(element)
        add(element, role, own || lab.cleanName(label), true)
      }
      return inside
    }

    const clickable = (element: Element): Iterable<Element> => {
      const { text, nodes } = texts.of(element, true)
      const line = lab.clean(text, Number.POSITIVE_INFINITY)
      if (line !== '' && line.length <= CLICKABLE_LENGTH) {
        texts.show(nodes)
        add(element, element.localName, lab.cleanName(line), true)
      }
      const isIcon =
        line === '' &&
        (element.textContent ?? '').trim() === '' &&
        ![...element.children].some(look.holdsUsable) &&
        element.querySelector('svg') === null
      if (!isIcon) return element.children
      add(element, 'icon', lab.cleanName(names.ofPicture(element)), true)
      return []
    }

    const row = (element: Element): Iterable<Element> => {
      const cells = [...element.children].map((cell) => texts.of(cell, true))
      for (const { nodes } of cells) texts.show(nodes)
      const line = cells
        .map(({ text }) => lab.clean(text))
        .filter((text) => text !== '')
        .join(' | ')
      if (line !== '') add(element, 'row', lab.clean(line), false)
      return element.children
    }

    const passage = (element: Element): Iterable<Element> => {
      const { text, nodes } = texts.of(element, false)
      const line = look.holdsUsable(element) ? lab.cleanName(text) : lab.clean(text)
      if (line !== '' && nodes.size > 0) {
        texts.show(nodes)
        add(element, element.localName, line, false)
      } else if (element.childElementCount === 0 && look.isPicture(element)) {
        const name = lab.cleanName(names.byAttributes(element))
        if (name !== '') add(element, 'icon', name, false)
      }
      return element.children
    }

    const drawing = (element: SVGElement): Iterable<Element> => {
      const isShape = element instanceof SVGGeometryElement || element instanceof SVGTextContentElement
      if (!isShape || element.localName === 'line' || !look.isSeen(element) || element.closest('defs')) {
        return element.children
      }
      const points = element.getAttribute('points')?.trim().split(/\s+/).length
      const isTriangle = element.localName === 'polygon' && points === 3
      const kind = isTriangle ? 'triangle' : (SHAPES[element.localName] ?? element.localName)
      add(element, kind, lab.cleanName(shapeName(element)), look.isClickable(element))
      return []
    }
    /** The grid position of a point; for other shapes size, colour and text. */
    const shapeName = (shape: SVGElement): string => {
      const isText = shape instanceof SVGTextContentElement
      const isPlace = /^\(-?\d+, ?-?\d+\)$/.test(shape.id)
      if (isPlace) return isText ? (shape.textContent ?? '') : shape.id
      const { fill, stroke, fontSize } = look.style(shape)
      const given = shape.getAttribute('fill') ?? shape.style.fill
      const color = lab.isWord(given) && given !== 'none' ? given : names.ofColor(fill) || names.ofColor(stroke)
      const { width, height } = look.size(shape)
      // The box of a text is another one in each font.
      const extent = isText ? Number.parseFloat(fontSize) : Math.max(width, height)
      const size = extent < 16 ? 'small' : 'large'
      return `${size} ${color} ${isText ? (shape.textContent ?? '') : ''}`
    }

    const inside = (element: Element): Iterable<Element> => {
      if (!look.isRendered(element)) return []
      if (element instanceof SVGElement) return drawing(element)
      if (!look.isSeen(element)) return element.children
      const role = look.role(element)
      if (role !== null) {
        return lab.isField(element) || role === 'textbox' ? field(element, role) : usable(element, role)
      }
      if (look.isClickable(element)) return clickable(element)
      return element.localName === 'tr' && !look.holdsUsable(element) ? row(element) : passage(element)
    }
    const walk = (element: Element): void => {
      for (const child of inside(element)) walk(child)
    }
    walk(document.body)
    return lines
  }
}
