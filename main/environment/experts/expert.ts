/**
 * Scripted experts: what they do follows from the text that the agent reads, so that the agent can learn it. A thought
 * says what is needed next, in one of four forms:
 *
 *     click <what>  |  fill <field> with <text>  |  select <option>  |  done, click <button>
 *
 * Before that it writes down what the decision follows from, so that each word of it can be copied from the page, the
 * task, or what was just written; that is what a small model does well:
 *
 *     no <what> here, click <where>                 the page was searched
 *     <last> done, click <next>                     a list of things to do was followed
 *     <row>, <its first icon>, ... <the icon>       a row was found, and an icon in it
 *     <key> | <value>, fill <field>                 a row of a table was read
 *     1st <one>, 2nd <another>, click it            things were counted
 */
import type { Action, Decision } from '../action.ts'
import { describeElement, type Observation, type ObservedElement } from '../observation.ts'

/** What an expert knows. The agent knows the same. */
export interface Situation {
  readonly instruction: string
  readonly page: readonly ObservedElement[]
  /** The actions of this episode so far, oldest first. */
  readonly done: readonly Action[]
}

/** Decides the next action. Throws Stuck where it does not know the page or the task. */
export type Expert = (situation: Situation) => Decision

/** The expert knows no next action. */
export class Stuck extends Error {
  override readonly name = 'Stuck'
}

/** The expert's decision for an observation of the agent. */
export function decide(expert: Expert, observation: Observation, done: readonly Action[]): Decision {
  return expert({ instruction: observation.instruction, page: observation.elements, done })
}

/** The texts in double quotes in the task. */
export function quoted(instruction: string): string[] {
  return [...instruction.matchAll(/"([^"]*)"/g)].map(([, text]) => text!)
}

/** The groups that a pattern matches in the task. */
export function read(instruction: string, pattern: RegExp): string[] {
  const match = pattern.exec(instruction)
  if (match === null) throw new Stuck(`the task is not of the form ${pattern}: ${instruction}`)
  return match.slice(1)
}

export const sameWords = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

type Wanted = (element: ObservedElement) => boolean

/** Elements with one of these roles (separated by spaces; '' for any) and, where given, this name in any case. */
export function looking(roles: string, name?: string): Wanted {
  const wanted = roles.split(' ')
  return (element) =>
    (roles === '' || wanted.includes(element.role)) && (name === undefined || sameWords(element.name, name))
}

export function seek(page: readonly ObservedElement[], wanted: Wanted): ObservedElement | undefined {
  return page.find(wanted)
}

/** The first matching element. Throws Stuck where there is none. */
export function find(page: readonly ObservedElement[], wanted: Wanted): ObservedElement {
  const found = page.find(wanted)
  if (found !== undefined) return found
  const elements = page.map(describeElement).join(', ')
  throw new Stuck(`no element is the wanted one: ${elements || 'the page is empty'}`)
}

/** The roles of text fields. */
export const FIELD = 'textbox textarea searchbox spinbutton'
const SUBMIT = /^(submit|ok|okay|go!|search|login|order!|send|done)$/i

export function click(element: ObservedElement, what: string): Decision {
  return { thought: `click ${what}`, action: { kind: 'click', ref: element.ref } }
}

export function fill(element: ObservedElement, text: string, field: string): Decision {
  return { thought: `fill ${field} with ${text}`, action: { kind: 'fill', ref: element.ref, text } }
}

export function select(element: ObservedElement, option: string): Decision {
  return { thought: `select ${option}`, action: { kind: 'select', ref: element.ref, option } }
}

/** The last click: on the button with this name, or on one that confirms. */
export function finish(page: readonly ObservedElement[], name?: string): Decision {
  const named = (element: ObservedElement): boolean =>
    element.role !== 'textbox' && (name === undefined ? SUBMIT.test(element.name) : sameWords(element.name, name))
  const button = find([...page].reverse(), named)
  return { thought: `done, click ${name ?? button.name}`, action: { kind: 'click', ref: button.ref } }
}

/** Clicks an element because the wanted one is not here but may be behind it. */
export function lookBehind(element: ObservedElement, what: string): Decision {
  return { thought: `no ${what} here, click ${element.name}`, action: { kind: 'click', ref: element.ref } }
}

/** Clicks the first matching element after `row`. The thought names the elements of the same role before it. */
export function clickIcon(page: readonly ObservedElement[], row: ObservedElement, wanted: Wanted): Decision {
  const rest = page.slice(page.indexOf(row) + 1)
  const icon = find(rest, wanted)
  const passed = rest.slice(0, rest.indexOf(icon)).filter(looking(icon.role))
  return {
    thought: [row, ...passed, icon].map(describeElement).join(', '),
    action: { kind: 'click', ref: icon.ref },
  }
}

/** The last clicked element is the step before `next` in the task's list. */
export function afterLast(done: readonly Action[], page: readonly ObservedElement[], next: Decision): Decision {
  const last = done.at(-1)
  const name = page.find(({ ref }) => last?.kind === 'click' && ref === last.ref)?.name
  return name === undefined ? next : { ...next, thought: `${name} done, ${next.thought.replace('done, ', '')}` }
}

const ORDINALS = ['1st', '2nd', '3rd']

/** Counts the elements of `alike` up to the wanted one: "1st Ada, 2nd textbox 3". */
export function count(alike: readonly ObservedElement[], at: number): string {
  const said = ({ name, role, ref }: ObservedElement) => (name === '' ? `${role} ${ref}` : name)
  return alike
    .slice(0, at + 1)
    .map((element, i) => `${ORDINALS[i] ?? `${i + 1}th`} ${said(element)}`)
    .join(', ')
}

/** The index, from 0, of an ordinal such as "2nd". */
export function placeOf(ordinal: string): number {
  return Number.parseInt(ordinal, 10) - 1
}

/**
 * Fills one field after another in the task's order, then finishes. A field counts as filled when it contains its text.
 */
export function fillAll(
  fields: readonly (readonly [element: ObservedElement, text: string, field: string])[],
  last: () => Decision,
): Decision {
  for (const [element, text, field] of fields) if (element.value !== text) return fill(element, text, field)
  return last()
}
