/** A section of the report. */
import { type Html, html } from './html.ts'

/** The section with its heading, a sentence that says how to read it, and its content. */
export function section(title: string, lead: string | Html, content: Html | readonly Html[]): Html {
  return html`<section><h2>${title}</h2><p class="lead">${lead}</p>${content}</section>`
}
