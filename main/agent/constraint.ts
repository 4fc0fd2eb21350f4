/**
 * Holds answers to the grammar and to the page: a thought on one line, then one of the actions that the page takes, as
 * `formatAction` writes them and `parseCompletion` reads them.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Constraint, Vocabulary } from '../engine/engine.ts'
import { type Action, KEYS } from '../environment/action.ts'
import { acceptsOf, describeElement, type FieldTexts, type Observation } from '../environment/observation.ts'
import { ANY_LENGTH, Automaton, type Node } from './automaton.ts'
import { addForm, type NarrowForm } from './field-texts.ts'
import { BEFORE_ACTION, BEFORE_THOUGHT, formatAction, formatCompletion, parseCompletion } from './grammar.ts'

/**
 * The constraint of answers to a page. At most half of an answer's tokens go into its thought. `barred` are actions, as the agent
 * writes them, that the answer must not be; a field that one of them fills cannot be filled at all.
 */
export function pageConstraint(
  vocabulary: Vocabulary,
  observation: Observation,
  maxNewTokens: number,
  barred: readonly string[] = [],
): Constraint {
  const automaton = new Automaton()
  const thought = automaton.follow(automaton.start, BEFORE_THOUGHT)
  automaton.text(thought, ANY_LENGTH)
  const action = automaton.follow(thought, BEFORE_ACTION)
  const forms = new Map<NarrowForm, Node>()
  for (const { action: possible, texts } of possibleActions(observation)) {
    const written = formatAction(possible, observation)
    if (barred.some((one) => (texts === null ? one === written : one.startsWith(written)))) continue
    const end = automaton.follow(action, written)
    if (texts === null) automaton.end(end)
    else addTexts(automaton, end, texts, forms)
  }
  return { vocabulary, ...automaton.build(), reserve: Math.floor(maxNewTokens / 2) }
}

/** An action that a page takes. A fill has no text yet; `texts` are those that the field takes. */
interface Possible {
  readonly action: Action
  readonly texts: FieldTexts | null
}

/** Descriptions and options that cannot be mistaken for anything else. */
const PLAIN = /^[\w .,:;!?'"()/-]*$/

/** The actions that a page takes, without those that would be read as another one. Any page takes keys. */
export function possibleActions(observation: Observation): Possible[] {
  const possible: Possible[] = KEYS.map((key) => ({ action: { kind: 'press', key }, texts: null }))
  const refs = new Set<number>()
  for (const element of observation.elements) {
    const { ref } = element
    // A page of one's own may have two elements with one ref. An action names the first.
    if (refs.has(ref)) continue
    refs.add(ref)
    const { click, fill, select } = acceptsOf(element)
    const own: Possible[] = []
    if (click) own.push({ action: { kind: 'click', ref }, texts: null })
    if (fill !== null) own.push({ action: { kind: 'fill', ref, text: '' }, texts: fill })
    for (const option of select) own.push({ action: { kind: 'select', ref, option }, texts: null })
    const isPlain =
      Number.isSafeInteger(ref) && ref >= 0 && [describeElement(element), ...select].every((text) => PLAIN.test(text))
    possible.push(...(isPlain ? own : own.filter(({ action }) => isReadAsWritten(action, observation))))
  }
  return possible
}

function isReadAsWritten(action: Action, observation: Observation): boolean {
  const decision = { thought: '', action }
  const written = formatCompletion(decision, observation)
  return written.isWellFormed() && isDeepStrictEqual(parseCompletion(written, observation), { decision })
}

function addTexts(automaton: Automaton, from: Node, texts: FieldTexts, forms: Map<NarrowForm, Node>): void {
  if ('values' in texts) {
    for (const value of texts.values) automaton.end(automaton.follow(from, value))
  } else if (texts.form === 'text') {
    automaton.text(from, texts.most ?? ANY_LENGTH)
    automaton.end(from)
  } else {
    const known = forms.get(texts.form) ?? automaton.node()
    if (!forms.has(texts.form)) addForm(automaton, texts.form, known)
    forms.set(texts.form, known)
    automaton.share(from, known)
  }
}
