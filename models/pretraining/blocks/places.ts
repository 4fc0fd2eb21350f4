/** Fields without names, in groups of a kind: only its place in its group says which one is meant. */
import { type Block, type Draft, type DraftAction, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { digits, phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, counted, finishName, ordinal, roleWord, sentence } from './wording.ts'

interface Step {
  readonly wish: string
  readonly thought: Query['thought']
  readonly action: DraftAction
  apply(): void
}

const GROUPS = ['radio', 'checkbox', 'textbox', 'combobox'] as const

export function places(random: Random, fresh: FreshName): Block {
  const groups = random.sample(GROUPS, random.integer(1, 3)).map((role) =>
    Array.from({ length: random.integer(2, 5) }, () => {
      if (role === 'textbox') return element(role, '', { value: '' })
      if (role !== 'combobox') return element(role, '')
      const options = Array.from({ length: random.integer(2, 4) }, () => fresh(word))
      return element(role, '', { value: options[0]!, options })
    }),
  )
  const button = element('button', fresh(finishName))
  const steps = groups.map((group) => stepIn(random, group))
  const at = random.integer(0, steps.length)
  for (const step of steps.slice(0, at)) step.apply()
  const last = steps[at - 1]?.action
  if (last !== undefined && last.kind !== 'press') last.on.states.push('focused')
  const { wish, said } = askFinish(random, button.name)
  const done = steps.slice(0, at).map(({ action }) => action)
  // The past steps fix the next ones; the ones to come are others for each query.
  const queries = Array.from({ length: at === steps.length ? 1 : 2 }, (): Query => {
    const coming = groups.slice(at).map((group) => stepIn(random, group))
    const all = [...steps.slice(0, at), ...coming]
    const next = coming[0]
    const instruction = sentence(random, [...all.map((step) => step.wish), wish])
    return next === undefined
      ? { instruction, done, thought: `done, click ${said}`, next: { kind: 'click', on: button } }
      : { instruction, done, thought: next.thought, next: next.action }
  })
  const order = random.chance(0.7) ? groups : random.sample(groups, groups.length)
  return { elements: [...order.flat(), button], queries }
}

function stepIn(random: Random, group: readonly Draft[]): Step {
  const at = random.integer(0, group.length - 1)
  const draft = group[at]!
  const counting = (ref: (draft: Draft) => number) =>
    group
      .slice(0, at + 1)
      .map((one, i) => `${counted(i)} ${one.role} ${ref(one)}`)
      .join(', ')
  const which = `the ${ordinal(random, at)} ${roleWord(random, draft.role)}`
  if (draft.role === 'textbox') {
    const text = random.pick([
      digits(random, random.integer(1, 3)),
      `-${digits(random, 1)}`,
      word(random),
      phrase(random, 2, 2),
    ])
    const said = random.chance(0.6) ? `"${text}"` : text
    return {
      wish: random.pick([`type ${said} into ${which}`, `write ${said} in ${which}`, `${which} gets ${said}`]),
      thought: (ref) => `${counting(ref)}, fill it with ${text}`,
      action: { kind: 'fill', on: draft, text },
      apply: () => {
        draft.value = text
      },
    }
  }
  if (draft.options !== undefined) {
    const option = random.pick(draft.options)
    return {
      wish: random.pick([`choose ${option} in ${which}`, `set ${which} to ${option}`]),
      thought: (ref) => `${counting(ref)}, select ${option}`,
      action: { kind: 'select', on: draft, option },
      apply: () => {
        draft.value = option
      },
    }
  }
  return {
    wish: `${random.pick(['click', 'choose', 'mark', 'pick', 'tick'])} ${which}`,
    thought: (ref) => `${counting(ref)}, click it`,
    action: { kind: 'click', on: draft },
    apply: () => {
      draft.states.push('checked')
    },
  }
}
