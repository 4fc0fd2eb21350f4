/** Runs in the page: names elements without text by their attributes, classes or colours. */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `names`. */
export function nameElements(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** Classes for looks and states. They do not say what an element is. */
  const LOOKS = /^(icon|ui-(corner|state|widget|button|helper|icon-blank).*|ui-icon|selected|clicked|active|checked)$/
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

  /** The words of an identifier: "star rating" for starRating and star-rating. */
  const words = (identifier: string): string => identifier.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_\s]+/g, ' ')

  /** A name from the classes: words of the page's own classes, otherwise those of a widget library's. */
  const classWords = (element: Element): string => {
    const parts = [...element.classList].filter((part) => !LOOKS.test(part))
    const own = parts.filter((part) => lab.isWord(part) && !part.startsWith('ui-'))
    const named =
      own.length > 0 ? own : parts.filter((part) => /^[a-z]{2}-[a-z-]+$/.test(part)).map((part) => part.slice(3))
    return [...new Set(named.flatMap((part) => words(part).split(' ')))].join(' ')
  }

  const dataWords = (dataset: DOMStringMap): string =>
    Object.entries(dataset)
      .filter(([key, value]) => value !== undefined && lab.isWord(value) && !key.startsWith('wob') && key !== 'type')
      .map(([, value]) => words(value!))
      .join(' ')

  const ofColor = (css: string): string => {
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

  lab.names = (look) => {
    const byAttributes = (element: Element): string => {
      for (const attribute of ['aria-label', 'title', 'alt', 'placeholder']) {
        const text = element.getAttribute(attribute)?.trim()
        if (text !== undefined && text !== '') return text
      }
      if (!(element instanceof HTMLElement || element instanceof SVGElement)) return ''
      const { dataset, id } = element
      const named = dataWords(dataset) || classWords(element) || (lab.isWord(id) ? words(id) : '')
      if (named !== '' || lab.isField(element)) return named
      return ofColor(look.style(element).backgroundColor) || (/^[a-z]{3,}[-_]?\d+$/i.test(id) ? words(id) : '')
    }
    const ofPicture = (element: Element): string => {
      const own = byAttributes(element)
      if (own !== '') return own
      for (const child of element.children) {
        const inner = ofPicture(child)
        if (inner !== '') return inner
      }
      return ''
    }
    return { byAttributes, ofPicture, ofColor }
  }
}
