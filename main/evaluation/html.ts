/** Safe HTML: everything in a template is escaped, except what `html` itself made. */
import { visible } from '../messages/visible.ts'

/** Markup, which is not escaped again. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

/** A value in a template. Text and numbers are escaped, lists are joined, `false` and `null` are left out. */
export type Part = string | number | Html | false | null | readonly Part[]

/** Tagged template: html`<b>${name}</b>`. Attribute values must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((markup, i) => markup + (i < parts.length ? render(parts[i]!) : '')).join(''))
}

function render(part: Part): string {
  if (part === false || part === null) return ''
  if (part instanceof Html) return part.markup
  if (Array.isArray(part)) return part.map(render).join('')
  return escapeHtml(String(part))
}

/** Escapes text for an element or a quoted attribute; control characters become a visible replacement. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
