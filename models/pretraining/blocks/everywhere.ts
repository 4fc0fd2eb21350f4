/** Queries that any page allows: by name, by role, by place. Texts without their own role are not asked for by role. */
import type { Draft, Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { askClick, counted, ordinal, roleWord, sentence } from './wording.ts'

const BY_ROLE = ['button', 'link', 'textbox', 'textarea', 'checkbox', 'radio', 'combobox', 'tab', 'img', 'li']

export function everywhere(random: Random, elements: readonly Draft[]): Query[] {
  // What is disabled cannot be clicked, and a task that means its neighbours would be told to count it.
  if (elements.some(({ states }) => states.includes('disabled'))) return []
  const queries: Query[] = []
  const names = new Map<string, number>()
  for (const { name } of elements) names.set(name.toLowerCase(), (names.get(name.toLowerCase()) ?? 0) + 1)
  const named = elements.filter(({ name, role }) => name !== '' && names.get(name.toLowerCase()) === 1 && role !== 'p')
  for (const target of random.sample(named, 1)) {
    queries.push({
      instruction: sentence(random, [askClick(random, target.name, target.role)]),
      done: [],
      thought: `click ${target.name}`,
      next: { kind: 'click', on: target },
    })
  }
  for (const role of random.sample(BY_ROLE, 3)) {
    const alike = elements.filter((one) => one.role === role)
    if (alike.length > 0) queries.push(byPlace(random, role, alike))
  }
  return queries
}

/** "a button", "the 3rd link", "the last text field". */
function byPlace(random: Random, role: string, alike: readonly Draft[]): Query {
  const name = roleWord(random, role)
  const kind = random.chance(0.25) ? `"${name}" ${random.pick(['element', 'thing', 'control'])}` : name
  const at = random.integer(0, Math.min(alike.length, 6) - 1)
  const last = at === alike.length - 1 && alike.length > 1 && random.chance(0.5)
  const place = last ? 'last' : ordinal(random, at)
  const any = at === 0 && random.chance(0.5)
  const verb = random.pick(
    role === 'textbox' || role === 'textarea'
      ? ['focus', 'put the cursor in', 'click', 'activate', 'focus on']
      : ['click', 'press', 'choose', 'select'],
  )
  const wish = any ? `${verb} ${random.pick(['a', 'any', 'the'])} ${kind}` : `${verb} the ${place} ${kind}`
  const counting = (ref: (draft: Draft) => number) =>
    alike
      .slice(0, at + 1)
      .map((one, i) => `${counted(i)} ${one.name === '' ? `${one.role} ${ref(one)}` : one.name}`)
      .join(', ')
  return {
    instruction: sentence(random, [wish]),
    done: [],
    thought: any ? `click ${name}` : last ? `click last ${name}` : (ref) => `${counting(ref)}, click it`,
    next: { kind: 'click', on: alike[at]! },
  }
}
