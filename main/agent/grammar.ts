/**
 * The one form a completion may have, ReAct's (arXiv:2210.03629):
 *
 *     Thought: <one line>
 *     Action: click <name> <role> <ref>
 *           | fill <name> <role> <ref> = <text>
 *           | select <name> <role> <ref> = <option>
 *           | press <key>
 *
 * The description before the ref must be the one the page shows for that ref. A parser that trusts the ref alone
 * counts lucky garbage as success, and preference training then learns the garbage.
 */
import { type Action, type Decision, KEYS, type Key } from '../environment/action.ts'
import { describeElement, type Observation, type ObservedElement } from '../environment/observation.ts'
import type { ParseFailure } from '../store/episode.ts'

export type { Decision }

export type Parsed = { readonly decision: Decision } | { readonly failure: ParseFailure }

/** The action as the agent writes it, without "Action: ". Throws when the observation lacks its ref. */
export function formatAction(action: Action, observation: Observation): string {
  if (action.kind === 'press') return `press ${action.key}`
  const element = observation.elements.find(({ ref }) => ref === action.ref)
  if (element === undefined) throw new Error(`The observation has no element with ref ${action.ref}.`)
  const target = describeElement(element)
  switch (action.kind) {
    case 'click':
      return `click ${target}`
    case 'fill':
      return `fill ${target} = ${action.text}`
    case 'select':
      return `select ${target} = ${action.option}`
  }
}

/** What stands before the thought, and between thought and action. */
export const BEFORE_THOUGHT = 'Thought: '
export const BEFORE_ACTION = '\nAction: '

/** The completion for a decision, in the form that `parseCompletion` reads. */
export function formatCompletion(decision: Decision, observation: Observation): string {
  return BEFORE_THOUGHT + decision.thought + BEFORE_ACTION + formatAction(decision.action, observation)
}

/** The two lines of a completion: thought, verb, and what follows it. */
const COMPLETION = /^Thought: ([^\n]*)\nAction: ([a-z]+) ([^\n]+)$/

/** Parses a completion for the page that it answers. Never throws: the text comes from the model. */
export function parseCompletion(text: string, observation: Observation): Parsed {
  const lines = COMPLETION.exec(text)
  if (lines === null) return { failure: 'form' }
  const [, thought = '', verb, rest = ''] = lines
  const decide = (parsed: Action | ParseFailure): Parsed =>
    typeof parsed === 'string' ? { failure: parsed } : { decision: { thought, action: parsed } }
  switch (verb) {
    case 'press':
      return decide(isKey(rest) ? { kind: 'press', key: rest } : 'key')
    case 'click': {
      const element = target(rest, observation)
      return decide(typeof element === 'string' ? element : { kind: 'click', ref: element.ref })
    }
    case 'fill':
    case 'select':
      return decide(withArgument(verb, rest, observation))
    default:
      return { failure: 'verb' }
  }
}

/**
 * Why the agent could not act on an answer, as far as the prompt tells; null where it could. A prompt shows what an
 * element is called, but not where its name ends, so less is found than by `parseCompletion`.
 */
export function answerFailure(text: string, prompt: string): ParseFailure | null {
  const lines = COMPLETION.exec(text)
  if (lines === null) return 'form'
  const [, , verb, rest = ''] = lines
  const end = prompt.startsWith('Page:\n') ? prompt.lastIndexOf('\nTask: ') : -1
  const page = end === -1 ? undefined : prompt.slice('Page:'.length, end + 1)
  const isShown = (element: string) =>
    page === undefined ||
    (/(^| )\d+$/.test(element) && (page.includes(`\n ${element}\n`) || page.includes(`\n ${element} `)))
  switch (verb) {
    case 'press':
      return isKey(rest) ? null : 'key'
    case 'click':
      return isShown(rest) ? null : 'mismatch'
    case 'fill':
    case 'select': {
      const parts = rest.split(' = ')
      if (parts.length === 1) return 'argument'
      return parts.slice(1).some((_, at) => isShown(parts.slice(0, at + 1).join(' = '))) ? null : 'mismatch'
    }
    default:
      return 'verb'
  }
}

function isKey(text: string): text is Key {
  return (KEYS as readonly string[]).includes(text)
}

/** The element that "name role ref" names, or why it names none. */
function target(description: string, observation: Observation): ObservedElement | ParseFailure {
  const ref = Number(/(?:^| )(\d+)$/.exec(description)?.[1] ?? Number.NaN)
  const element = observation.elements.find((candidate) => candidate.ref === ref)
  if (element === undefined) return 'ref'
  return describeElement(element) === description ? element : 'mismatch'
}

/** A name or a text may contain " = ", so every place to split is tried. The first that names an element is taken. */
function withArgument(kind: 'fill' | 'select', rest: string, observation: Observation): Action | ParseFailure {
  let failure: ParseFailure = 'argument'
  for (let at = rest.indexOf(' = '); at !== -1; at = rest.indexOf(' = ', at + 1)) {
    const element = target(rest.slice(0, at), observation)
    const argument = rest.slice(at + 3)
    if (typeof element === 'string') {
      if (failure !== 'mismatch') failure = element
    } else if (kind === 'fill') {
      return { kind, ref: element.ref, text: argument }
    } else {
      return element.options?.includes(argument) ? { kind, ref: element.ref, option: argument } : 'option'
    }
  }
  return failure
}
