/** Runs in the page: collects texts, and keeps track of those that a line shows. */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `texts`. */
export function collectTexts(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver

  lab.texts = (look) => {
    const shown = new Set<Node>()
    /** Adds the nodes of the text to `nodes`. */
    const textIn = (element: Element, blocks: boolean, nodes: Set<Node>): string => {
      let text = ''
      for (const node of element.childNodes) {
        if (shown.has(node)) continue
        if (node instanceof Text) {
          if (node.data.trim() !== '' && look.style(element).visibility === 'visible') nodes.add(node)
          text += node.data
        } else if (node instanceof Element) {
          if (node.localName === 'br') text += ' '
          if (!look.isRendered(node) || node instanceof SVGElement) continue
          const inline = look.isInline(node)
          if (!(inline || blocks) || look.holdsUsable(node)) {
            // An element with a line of its own separates the text before it from the text after it.
            text += ' '
          } else {
            const inner = textIn(node, blocks, nodes)
            text += inline ? inner : ` ${inner} `
          }
        }
      }
      return text
    }
    return {
      of(element, blocks) {
        const nodes = new Set<Node>()
        return { text: textIn(element, blocks, nodes), nodes }
      },
      isShown: (node) => shown.has(node),
      show(nodes) {
        for (const node of nodes) shown.add(node)
      },
    }
  }
}
