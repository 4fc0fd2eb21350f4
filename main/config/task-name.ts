/** Names of tasks. A task has the name of its page; other programs use other names for some tasks. */

/** Pages by other names of their tasks. */
const ALIASES: Readonly<Record<string, string>> = { 'select-option': 'choose-list' }

/**
 * The name of a task's page. Accepts page names, Gymnasium's ids (`miniwob/click-button-v1`) and other names of a task
 * (`select-option`).
 */
export function pageName(name: string): string {
  const page = name.replace(/^miniwob\//, '').replace(/-v\d+$/, '')
  return Object.hasOwn(ALIASES, page) ? ALIASES[page]! : page
}
