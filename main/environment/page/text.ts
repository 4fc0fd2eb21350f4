/** Runs in the page: cleans texts for the agent. */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `clean`, `cleanName`, `cleanLabel`, `cleanValue`, `isWord`, `fields`, `isField` and `isFrame`. */
export function cleanTexts(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  const NAME_LENGTH = 60
  const TEXT_LENGTH = 240
  const FRAME = 'html, body, #wrap, #area'

  const cut = (line: string, limit: number): string => {
    if (line.length <= limit) return line
    const characters = [...line]
    return characters.length <= limit ? line : `${characters.slice(0, limit).join('').trimEnd()}…`
  }
  // Control, format and separator characters could break a line; "<|" could pass for a token of the model.
  const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('<|', '< |')

  lab.clean = (text, limit = TEXT_LENGTH) => cut(oneLine(text).replace(/\s+/g, ' ').trim(), limit)
  lab.cleanName = (text) => lab.clean(text, NAME_LENGTH)
  lab.cleanLabel = (text) => lab.cleanName(text).replace(/[\s:*]+$/, '')
  // The spaces of a value matter, because it may have to be copied exactly.
  lab.cleanValue = (text) => cut(oneLine(text), TEXT_LENGTH)
  lab.isWord = (identifier) => /^[a-zA-Z]{3,}([-_ ][a-zA-Z]{2,})*$/.test(identifier)
  lab.fields = 'input:not([type=button], [type=submit], [type=reset], [type=image], [type=hidden]), select, textarea'
  lab.isField = (element) => element.matches(lab.fields)
  lab.isFrame = (element) => element.matches(FRAME)
}
