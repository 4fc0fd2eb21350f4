/** A hint from the instruction: of what can be clicked or selected on a page, the elements that the instruction names come first. */
import type { Observation } from '../environment/observation.ts'
import { possibleActions } from './constraint.ts'
import { formatAction } from './grammar.ts'

/** Runs of letters and digits of any script. */
const WORDS = /[\p{L}\p{N}]+/gu
/** Words that many names and instructions share, and that name nothing. */
const COMMON = new Set([
  'the',
  'a',
  'an',
  'and',
  'or',
  'of',
  'to',
  'in',
  'on',
  'with',
  'for',
  'is',
  'it',
  'then',
  'by',
  'from',
])

/**
 * The clicks and selections whose element or option shares no word with the instruction, as the agent writes them. None where no
 * element shares one. Keys and fields are never among them, nor what has no words.
 */
export function unnamedActions(observation: Observation): string[] {
  const wanted = wordsOf(observation.instruction)
  const refs = new Map(observation.elements.map((element) => [element.ref, element]))
  const choices = possibleActions(observation).flatMap(({ action }) => {
    if (action.kind !== 'click' && action.kind !== 'select') return []
    const element = refs.get(action.ref)
    const own = wordsOf(action.kind === 'select' ? action.option : (element?.name ?? ''))
    return [{ written: formatAction(action, observation), own, isNamed: [...own].some((word) => wanted.has(word)) }]
  })
  if (!choices.some(({ isNamed }) => isNamed)) return []
  return choices.filter(({ own, isNamed }) => own.size > 0 && !isNamed).map(({ written }) => written)
}

function wordsOf(text: string): Set<string> {
  return new Set((text.toLowerCase().match(WORDS) ?? []).filter((word) => !COMMON.has(word)))
}
