/** The parts of a lesson: elements in the order of the page, and queries that are answered by acting on them. */
import { formatAction, formatCompletion } from '../../main/agent/grammar.ts'
import { pagePart, taskPart } from '../../main/agent/prompt.ts'
import type { Action, Key } from '../../main/environment/action.ts'
import type { Observation, ObservedElement, State } from '../../main/environment/observation.ts'
import type { Random } from './random.ts'

/** An element without its ref. */
export interface Draft {
  role: string
  name: string
  states: State[]
  value?: string
  options?: string[]
}

export type DraftAction =
  | { kind: 'click'; on: Draft }
  | { kind: 'fill'; on: Draft; text: string }
  | { kind: 'select'; on: Draft; option: string }
  | { kind: 'press'; key: Key }

/** A task on the page: the past actions, and the next one. */
export interface Query {
  /** The block it belongs to, for accuracy by kind. */
  kind?: string
  instruction: string
  done: DraftAction[]
  /** If it names refs: a function of the elements' refs. */
  thought: string | ((ref: (draft: Draft) => number) => string)
  next: DraftAction
}

export interface Block {
  elements: Draft[]
  queries: Query[]
}

/** One page with several answered queries: the page's text once, then each query's rest of the prompt and completion. */
export interface Lesson {
  readonly page: string
  readonly answers: readonly { readonly kind: string; readonly task: string; readonly completion: string }[]
}

export function element(role: string, name: string, state: Partial<Draft> = {}): Draft {
  return { role, name, states: [], ...state }
}

/** Numbers the elements: usually 1, 2, 3 as on a new page, sometimes with gaps as on a page that has changed. */
export function writeLesson(random: Random, block: Block): Lesson {
  const refs = new Map<Draft, number>()
  const gaps = random.chance(0.3)
  let ref = gaps ? random.integer(0, 20) : 0
  for (const draft of block.elements) {
    ref += gaps && random.chance(0.2) ? random.integer(1, 6) : 1
    refs.set(draft, ref)
  }
  const number = (draft: Draft): number => {
    const known = refs.get(draft)
    if (known !== undefined) return known
    // The element has disappeared since the action: a number that the page no longer shows.
    ref += 1
    refs.set(draft, ref)
    return ref
  }
  const observe = (draft: Draft): ObservedElement => ({ ...draft, ref: number(draft) })
  const observation: Observation = { instruction: '', elements: block.elements.map(observe), dropped: 0 }
  const act = (draft: DraftAction): Action => {
    if (draft.kind === 'press') return draft
    const { on, ...rest } = draft
    return { ...rest, ref: number(on) }
  }
  return {
    page: pagePart(observation),
    answers: block.queries.map((query) => {
      const done = query.done.map((draft) =>
        formatAction(
          act(draft),
          draft.kind === 'press' ? observation : { ...observation, elements: [observe(draft.on)] },
        ),
      )
      const thought = typeof query.thought === 'string' ? query.thought : query.thought(number)
      const decision = { thought, action: act(query.next) }
      return {
        kind: query.kind ?? 'everywhere',
        task: taskPart(query.instruction, done),
        completion: formatCompletion(decision, observation),
      }
    }),
  }
}
