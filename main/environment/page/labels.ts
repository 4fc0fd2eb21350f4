/** Runs in the page: finds the names of fields in the texts beside them. */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `labels`. */
export function labelFields(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** A longer text beside a field is not its name. */
  const LABEL_LENGTH = 40
  /** How many levels around a field are searched for its name. */
  const LEVELS = 3

  const isLabel = (text: string): boolean => text.length <= LABEL_LENGTH && /\p{L}/u.test(text) && !text.includes('=')

  lab.labels = (look, texts) => {
    const labels = new Map<Element, string>()
    const name = (field: Element, text: string, nodes: Iterable<Node>): boolean => {
      if (text === '') return false
      labels.set(field, text)
      texts.show(nodes)
      return true
    }

    const nameByLabel = (field: HTMLInputElement): boolean => {
      const found = [...(field.labels ?? [])].map((label) => ({ label, passage: texts.of(label, true) }))
      const words = found.map(({ label, passage }) => (look.style(label).display === 'none' ? '' : passage.text))
      const nodes = found.flatMap(({ passage }) => [...passage.nodes])
      return name(field, lab.cleanLabel(words.join(' ')), nodes)
    }

    /** Names a field by the text that stands alone with it, in the smallest box that has one. */
    const nameByCompany = (field: HTMLInputElement): boolean => {
      const isOther = (element: Element): boolean =>
        element !== field &&
        !element.contains(field) &&
        look.isRendered(element) &&
        (look.role(element) ?? '') !== '' &&
        look.isSeen(element)
      let around = field.parentElement
      for (let level = 0; level < LEVELS && around !== null && !lab.isFrame(around); level++) {
        if ([...around.querySelectorAll('*')].some(isOther)) return false
        const { text, nodes } = texts.of(around, true)
        const label = lab.cleanLabel(text)
        if (label !== '') return isLabel(label) && name(field, label, nodes)
        around = around.parentElement
      }
      return false
    }

    /** Names a field by the text right before it. */
    const nameByText = (field: HTMLInputElement): boolean => {
      let before = field.previousSibling
      while (before instanceof Text && before.data.trim() === '') before = before.previousSibling
      if (before === null || texts.isShown(before)) return false
      if (before instanceof Text) {
        const label = lab.cleanLabel(before.data)
        return isLabel(label) && name(field, label, [before])
      }
      if (!(before instanceof Element) || !look.isRendered(before) || look.holdsUsable(before)) return false
      if (!look.isInline(before) && before.localName !== 'label') return false
      const { text, nodes } = texts.of(before, true)
      const label = lab.cleanLabel(text)
      return isLabel(label) && name(field, label, nodes)
    }

    for (const field of document.querySelectorAll<HTMLInputElement>(lab.fields)) {
      if (field.getClientRects().length === 0) continue
      const isChecked = field.type === 'checkbox' || field.type === 'radio'
      if (nameByLabel(field) || isChecked) continue
      if (!nameByCompany(field)) nameByText(field)
    }
    return labels
  }
}
