/** Tasks of the benchmark go by the names of their pages; others have written them down otherwise. */

/** Names of tasks that mean pages of other names. */
const ALIASES: Readonly<Record<string, string>> = { 'select-option': 'choose-list' }

/**
 * The name of a task's page: of Gymnasium's ids (`miniwob/click-button-v1`) what stands between, and of a name that the
 * benchmark's pages do not have (`select-option`) the page that is meant.
 */
export function pageName(name: string): string {
  const page = name.replace(/^miniwob\//, '').replace(/-v\d+$/, '')
  return Object.hasOwn(ALIASES, page) ? ALIASES[page]! : page
}
