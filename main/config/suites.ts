/** Suites: names that stand for several tasks wherever the configuration or the command line takes names of tasks. */
import { pageName } from './task-name.ts'

/** Sixteen tasks in which the first model that shipped had something left to learn. Many figures of docs/RESULTS.md are of these. */
const classic = [
  'click-button',
  'click-checkboxes',
  'click-collapsible-2',
  'click-color',
  'click-dialog-2',
  'click-scroll-list',
  'click-tab-2',
  'click-tab-2-hard',
  'click-widget',
  'copy-paste',
  'email-inbox-delete',
  'enter-date',
  'enter-password',
  'login-user-popup',
  'navigate-tree',
  'read-table',
] as const

/** Forty tasks of every kind that can be seen in text, the default: the sixteen, and kinds of work that they leave out. */
const broad = [
  ...classic,
  'choose-list',
  'click-button-sequence',
  'click-checkboxes-large',
  'click-checkboxes-transfer',
  'click-collapsible',
  'click-dialog',
  'click-option',
  'click-shades',
  'copy-paste-2',
  'email-inbox-forward',
  'email-inbox-important',
  'email-inbox-reply',
  'enter-text',
  'enter-time',
  'focus-text-2',
  'form-sequence-2',
  'grid-coordinate',
  'identify-shape',
  'login-user',
  'multi-layouts',
  'multi-orderings',
  'read-table-2',
  'social-media',
  'unicode-test',
] as const

export const SUITES: Readonly<Record<string, readonly string[]>> = { default: broad, classic, broad }

/** The pages of tasks and suites, each once, in order. Other names of a task are converted to that of its page. */
export function pagesOf(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => (Object.hasOwn(SUITES, name) ? SUITES[name]! : [pageName(name)])))]
}
