/**
 * Runs in the page: turns it into a list of elements.
 *
 * - A line for everything that can be used, and one for every run of text; what one line shows, no other repeats.
 * - The text beside a field is its name, not a line of its own; a paragraph is one line, the links in it are others.
 * - A value is shown with the spaces it has; all other text with single ones.
 * - What has no text is named by its label, else by what its attributes, class or colour say.
 * - Refs count up in the order in which elements are first listed, and stay.
 */
import type { ObservedElement, State } from '../observation.ts'
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `clean`, `observe` and `forget`. */
export function observePage(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** Names of what can be used, and of text, values and options. */
  const NAME_LENGTH = 60
  const TEXT_LENGTH = 240
  const LABEL_LENGTH = 40
  const MOST_OPTIONS = 60
  const MACHINERY =
    '#query, #reward-display, #sync-task-cover, #click-canvas, script, style, noscript, template, br, hr'
  const FRAME = 'html, body, #wrap, #area'
  const FIELDS = 'input:not([type=button], [type=submit], [type=reset], [type=image], [type=hidden]), select, textarea'
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
  const STATE_CLASSES = ['selected', 'clicked', 'active', 'checked']
  /** Classes of looks, not of meaning. */
  const LOOKS = /^(icon|ui-(corner|state|widget|button|helper|icon-blank).*|ui-icon)$/
  const COLORS: Readonly<Record<string, readonly [number, number, number]>> = {
    black: [0, 0, 0],
    white: [255, 255, 255],
    grey: [128, 128, 128],
    red: [255, 0, 0],
    green: [0, 128, 0],
    lime: [0, 255, 0],
    blue: [0, 0, 255],
    yellow: [255, 255, 0],
    orange: [255, 165, 0],
    purple: [128, 0, 128],
    pink: [255, 192, 203],
    cyan: [0, 255, 255],
    magenta: [255, 0, 255],
    olive: [128, 128, 0],
    brown: [165, 42, 42],
  }

  const refs = new Map<Element, number>()
  let nextRef = 1
  lab.forget = () => {
    refs.clear()
    lab.elements.clear()
    nextRef = 1
  }

  const cut = (line: string, limit: number): string => {
    if (line.length <= limit) return line
    const characters = [...line]
    return characters.length <= limit ? line : `${characters.slice(0, limit).join('').trimEnd()}…`
  }
  // Control, format and separator characters could break a line; "<|" could pass for a token of the model.
  const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('<|', '< |')
  lab.clean = (text, limit = TEXT_LENGTH) => cut(oneLine(text).replace(/\s+/g, ' ').trim(), limit)

  lab.observe = (budget) => {
    /** The page does not change while it is read: what was asked of an element once is not worked out again. */
    const once = <T>(ask: (element: Element) => T): ((element: Element) => T) => {
      const known = new Map<Element, T>()
      return (element) => {
        if (known.has(element)) return known.get(element) as T
        const answer = ask(element)
        known.set(element, answer)
        return answer
      }
    }
    const styleOf = once((element) => getComputedStyle(element))
    /** Nodes that some line already shows. */
    const shown = new Set<Node>()

    const isPicture = once(
      (element) => element instanceof HTMLImageElement || styleOf(element).content.startsWith('url('),
    )
    const sizeOf = once((element) => element.getBoundingClientRect())
    /** False where neither the element nor anything in it can be seen. A picture counts before it is loaded. */
    const isRendered = once((element) => {
      if (element.matches(MACHINERY)) return false
      const style = styleOf(element)
      if (style.display === 'none') return false
      if (isPicture(element)) lab.pictures.add(element)
      if (isPicture(element) || element instanceof SVGElement) return true
      const { width, height } = sizeOf(element)
      if (width <= 1 && height <= 1 && style.position === 'absolute') return false
      return !((width === 0 || height === 0) && style.overflow !== 'visible')
    })
    const isSeen = once((element) => {
      if (styleOf(element).visibility !== 'visible') return false
      if (isPicture(element)) return true
      const { width, height } = sizeOf(element)
      return element instanceof SVGElement ? width > 0 || height > 0 : width > 0 && height > 0
    })
    const isInline = (element: Element): boolean => {
      const { display } = styleOf(element)
      return display.startsWith('inline') || display === 'contents'
    }

    /** The role of what can be used; null for all else. */
    const roleOf = once((element): string | null => {
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
        return CLASS_ROLES.find((role) => classes.includes(role) && !classes.includes('-')) ?? null
      }
      return null
    })
    /** It listens for clicks itself, or changes the pointer where its parent does not. */
    const isClickable = once((element): boolean => {
      if (element.matches(FRAME)) return false
      if (lab.listens(element) || (element.getAttribute('tabindex') ?? '-') >= '0') return true
      const { parentElement } = element
      return (
        styleOf(element).cursor === 'pointer' && (parentElement === null || styleOf(parentElement).cursor !== 'pointer')
      )
    })
    /** Whether it, or anything in it, can be used. */
    const holdsUsable = once(
      (element): boolean =>
        isRendered(element) &&
        ((isSeen(element) && (roleOf(element) !== null || isClickable(element))) ||
          [...element.children].some(holdsUsable)),
    )

    /**
     * The text in an element that no line shows yet, without what can be used. `blocks`: text of blocks too, else only
     * what runs inline. The nodes it came from are added to `taken`.
     */
    const textIn = (element: Element, blocks: boolean, taken: Set<Node>): string => {
      let text = ''
      for (const node of element.childNodes) {
        if (shown.has(node)) continue
        if (node instanceof Text) {
          if (node.data.trim() !== '' && styleOf(element).visibility === 'visible') taken.add(node)
          text += node.data
        } else if (node instanceof Element) {
          if (node.localName === 'br') text += ' '
          if (!isRendered(node) || node instanceof SVGElement) continue
          const inline = isInline(node)
          if (!(inline || blocks) || holdsUsable(node)) {
            // What is listed by itself parts the text before it from the text after it.
            text += ' '
          } else {
            const inner = textIn(node, blocks, taken)
            text += inline ? inner : ` ${inner} `
          }
        }
      }
      return text
    }
    // A field's name: its label, else the text that stands with it alone, else the text right before it.
    const labels = new Map<Element, string>()
    const asLabel = (text: string): string => lab.clean(text, NAME_LENGTH).replace(/[\s:*]+$/, '')
    const isLabel = (text: string): boolean => text.length <= LABEL_LENGTH && /\p{L}/u.test(text) && !text.includes('=')
    const name = (field: Element, text: string, taken: Iterable<Node>): boolean => {
      if (text === '') return false
      labels.set(field, text)
      for (const node of taken) shown.add(node)
      return true
    }
    const nameByLabel = (field: HTMLInputElement): boolean => {
      const taken = new Set<Node>()
      const texts = [...(field.labels ?? [])].map((label) => {
        const text = textIn(label, true, taken)
        return styleOf(label).display === 'none' ? '' : text
      })
      return name(field, asLabel(texts.join(' ')), taken)
    }
    const nameByCompany = (field: HTMLInputElement): boolean => {
      let ancestor = field.parentElement
      for (let level = 0; level < 3 && ancestor !== null && !ancestor.matches(FRAME); level++) {
        const others = [...ancestor.querySelectorAll('*')].some(
          (other) =>
            other !== field &&
            !other.contains(field) &&
            isRendered(other) &&
            (roleOf(other) ?? '') !== '' &&
            isSeen(other),
        )
        if (others) return false
        const taken = new Set<Node>()
        const text = asLabel(textIn(ancestor, true, taken))
        if (text !== '' && isLabel(text)) return name(field, text, taken)
        if (text !== '') return false
        ancestor = ancestor.parentElement
      }
      return false
    }
    const nameByText = (field: HTMLInputElement): boolean => {
      let before = field.previousSibling
      while (before instanceof Text && before.data.trim() === '') before = before.previousSibling
      if (before === null || shown.has(before)) return false
      const taken = new Set<Node>()
      let text = ''
      if (before instanceof Text) {
        text = before.data
        taken.add(before)
      } else if (before instanceof Element && isRendered(before) && !holdsUsable(before)) {
        const isText = isInline(before) || before.localName === 'label'
        if (isText && before.localName !== 'br') text = textIn(before, true, taken)
      }
      text = asLabel(text)
      return isLabel(text) && name(field, text, taken)
    }
    for (const field of document.querySelectorAll<HTMLInputElement>(FIELDS)) {
      if (field.getClientRects().length === 0) continue
      const checks = field.type === 'checkbox' || field.type === 'radio'
      if (nameByLabel(field) || checks) continue
      if (!nameByCompany(field)) nameByText(field)
    }

    const words = (identifier: string): string =>
      identifier.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_\s]+/g, ' ')
    const isWord = (identifier: string): boolean => /^[a-zA-Z]{3,}([-_ ][a-zA-Z]{2,})*$/.test(identifier)
    /** What the classes say: words of the page's own, else those a widget library gives its parts. */
    const classWords = (element: Element): string => {
      const parts = [...element.classList].filter((part) => !LOOKS.test(part) && !STATE_CLASSES.includes(part))
      const own = parts.filter((part) => isWord(part) && !part.startsWith('ui-'))
      const named =
        own.length > 0 ? own : parts.filter((part) => /^[a-z]{2}-[a-z-]+$/.test(part)).map((part) => part.slice(3))
      return [...new Set(named.flatMap((part) => words(part).split(' ')))].join(' ')
    }
    const colorName = (css: string): string => {
      const parts = css.match(/[\d.]+/g)?.map(Number) ?? []
      if (parts.length < 3 || parts[3] === 0) return ''
      let best = ''
      let least = Number.POSITIVE_INFINITY
      for (const [color, rgb] of Object.entries(COLORS)) {
        const distance = rgb.reduce((sum, value, i) => sum + (value - parts[i]!) ** 2, 0)
        if (distance < least) [best, least] = [color, distance]
      }
      return best
    }
    /** What the attributes of an element without text say of it. */
    const nameByAttributes = (element: Element): string => {
      for (const attribute of ['aria-label', 'title', 'alt', 'placeholder']) {
        const text = element.getAttribute(attribute)?.trim()
        if (text !== undefined && text !== '') return text
      }
      if (!(element instanceof HTMLElement || element instanceof SVGElement)) return ''
      const data = Object.entries(element.dataset)
        .filter(([key, value]) => value !== undefined && isWord(value) && !key.startsWith('wob') && key !== 'type')
        .map(([, value]) => words(value!))
      if (data.length > 0) return data.join(' ')
      const named = classWords(element) || (isWord(element.id) ? words(element.id) : '')
      if (named !== '' || element.matches(FIELDS)) return named
      const { id } = element
      return colorName(styleOf(element).backgroundColor) || (/^[a-z]{3,}[-_]?\d+$/i.test(id) ? words(id) : '')
    }

    const statesOf = (element: Element, role: string): State[] => {
      const states: State[] = []
      const aria = (attribute: string): boolean => element.getAttribute(`aria-${attribute}`) === 'true'
      const { classList } = element
      if ((element as HTMLInputElement).checked === true || aria('checked')) states.push('checked')
      if (aria('selected') || (isClickable(element) && STATE_CLASSES.some((part) => classList.contains(part)))) {
        states.push('selected')
      }
      const disabled = element.matches(':disabled') || aria('disabled')
      // The browser takes the focus from what was disabled with its next frame, which may be before or after this.
      const focused = document.activeElement === element && !disabled
      if (focused && (element.matches(FIELDS) || role === 'textbox')) states.push('focused')
      if (disabled) states.push('disabled')
      // A tab that is selected is expanded, too.
      if (
        (aria('expanded') && role !== 'tab') ||
        (element.localName === 'summary' && element.parentElement?.hasAttribute('open'))
      ) {
        states.push('expanded')
      }
      return states
    }

    const found: { element: Element; usable: boolean; line: Omit<ObservedElement, 'ref'> }[] = []
    const list = (element: Element, role: string, text: string, canUse: boolean): void => {
      found.push({ element, usable: canUse, line: { role, name: text, states: statesOf(element, role) } })
    }

    const listField = (element: Element, role: string): void => {
      const label = labels.get(element) ?? asLabel(nameByAttributes(element))
      const base = { role, name: label, states: statesOf(element, role) }
      if (element instanceof HTMLSelectElement) {
        const options = [...element.options]
        const chosen = options.filter((option) => option.selected).map((option) => lab.clean(option.text, NAME_LENGTH))
        found.push({
          element,
          usable: true,
          line: {
            ...base,
            value: chosen.join(', '),
            options: options.slice(0, MOST_OPTIONS).map((option) => lab.clean(option.text, NAME_LENGTH)),
          },
        })
        return
      }
      const { value } = element as HTMLInputElement
      const valued = role !== 'checkbox' && role !== 'radio' && value !== undefined
      // The spaces of a value count: it may have to be copied as it is.
      const line = valued ? { ...base, value: cut(oneLine(value), TEXT_LENGTH) } : base
      found.push({ element, usable: true, line })
    }

    const listShape = (shape: SVGElement): void => {
      const points = shape.getAttribute('points')?.trim().split(/\s+/).length
      const kinds: Readonly<Record<string, string>> = { rect: 'rectangle', path: 'shape', g: 'shape', image: 'img' }
      const kind =
        shape.localName === 'polygon' && points === 3 ? 'triangle' : (kinds[shape.localName] ?? shape.localName)
      const place = /^\(-?\d+, ?-?\d+\)$/.test(shape.id) ? shape.id : ''
      const text = shape instanceof SVGTextContentElement ? (shape.textContent ?? '') : place
      const { fill, stroke } = styleOf(shape)
      const given = shape.getAttribute('fill') ?? (shape as SVGElement).style.fill
      const color = isWord(given) && given !== 'none' ? given : colorName(fill) || colorName(stroke)
      const { width, height } = sizeOf(shape)
      const size = Math.max(width, height) < 16 ? 'small' : 'large'
      const usableShape = isClickable(shape)
      list(shape, kind, lab.clean(place === '' ? `${size} ${color} ${text}` : text, NAME_LENGTH), usableShape)
    }

    const walk = (element: Element): void => {
      if (!isRendered(element)) return
      if (element instanceof SVGElement) {
        const isShape = element instanceof SVGGeometryElement || element instanceof SVGTextContentElement
        if (isShape && element.localName !== 'line' && isSeen(element) && !element.closest('defs')) listShape(element)
        else for (const child of element.children) walk(child)
        return
      }
      const seen = isSeen(element)
      const role = seen ? roleOf(element) : null
      if (role !== null && (element.matches(FIELDS) || role === 'textbox')) {
        listField(element, role)
        return
      }
      if (role !== null) {
        const taken = new Set<Node>()
        let text = element instanceof HTMLInputElement ? element.value : textIn(element, true, taken)
        text = lab.clean(text, NAME_LENGTH)
        for (const node of taken) shown.add(node)
        const inside = [...element.children].filter(holdsUsable)
        // An element of a tab or a menu entry that repeats it, as libraries nest them, adds nothing.
        const only = inside.length === 1 && text === '' ? lab.clean(inside[0]!.textContent ?? '', NAME_LENGTH) : ''
        if (only !== '' && inside[0]!.querySelector('ul, ol, input') === null) {
          list(element, role, only, true)
          return
        }
        if (text !== '' || inside.length === 0) {
          const own = element.getAttribute('aria-label') ?? ''
          list(element, role, text || lab.clean(own || pictureName(element), NAME_LENGTH), true)
        }
        for (const child of inside) walk(child)
        return
      }
      if (seen && isClickable(element)) {
        const taken = new Set<Node>()
        const text = textIn(element, true, taken)
        const line = lab.clean(text, Number.POSITIVE_INFINITY)
        if (line !== '' && line.length <= NAME_LENGTH * 2) {
          for (const node of taken) shown.add(node)
          list(element, element.localName, lab.clean(line, NAME_LENGTH), true)
        } else if (
          line === '' &&
          (element.textContent ?? '').trim() === '' &&
          ![...element.children].some(holdsUsable)
        ) {
          const svg = element.querySelector('svg') !== null
          if (!svg) {
            const label = lab.clean(pictureName(element), NAME_LENGTH)
            list(element, 'icon', label, true)
            return
          }
        }
      } else if (seen && element.localName === 'tr' && !holdsUsable(element)) {
        const taken = new Set<Node>()
        const cells = [...element.children].map((cell) => lab.clean(textIn(cell, true, taken)))
        for (const node of taken) shown.add(node)
        const text = cells.filter((cell) => cell !== '').join(' | ')
        if (text !== '') list(element, 'row', lab.clean(text), false)
      } else if (seen) {
        const taken = new Set<Node>()
        const text = lab.clean(textIn(element, false, taken), holdsUsable(element) ? NAME_LENGTH : TEXT_LENGTH)
        if (text !== '' && taken.size > 0) {
          for (const node of taken) shown.add(node)
          list(element, element.localName, text, false)
        } else if (element.childElementCount === 0 && isPicture(element)) {
          const label = lab.clean(nameByAttributes(element), NAME_LENGTH)
          if (label !== '') list(element, 'icon', label, false)
        }
      }
      for (const child of element.children) walk(child)
    }
    const pictureName = (element: Element): string => {
      const own = nameByAttributes(element)
      if (own !== '') return own
      for (const child of element.children) {
        const inner = pictureName(child)
        if (inner !== '') return inner
      }
      return ''
    }
    walk(document.body)

    // What can be used comes first, then text; both from the top of the page until the budget is spent.
    const keep = new Set<(typeof found)[number]>()
    let room = budget.characters
    for (const usableFirst of [true, false]) {
      for (const candidate of found) {
        if (candidate.usable !== usableFirst || keep.size >= budget.elements) continue
        const { role, name: text, value = '', options = [] } = candidate.line
        const cost = role.length + text.length + value.length + options.join(' | ').length + 6
        if (cost > room) continue
        room -= cost
        keep.add(candidate)
      }
    }
    const elements = found
      .filter((candidate) => keep.has(candidate))
      .map(({ element, line }) => {
        let ref = refs.get(element)
        if (ref === undefined) {
          ref = nextRef++
          refs.set(element, ref)
          lab.elements.set(ref, element)
        }
        return { ref, ...line }
      })
    return { elements, dropped: found.length - elements.length }
  }
}
