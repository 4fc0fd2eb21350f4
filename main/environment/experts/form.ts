/** Experts for forms with several fields, lists and choices. */
import {
  click,
  count,
  type Expert,
  fill,
  fillAll,
  find,
  finish,
  looking,
  placeOf,
  quoted,
  read,
  Stuck,
  seek,
  select,
} from './expert.ts'

const chooseList: Expert = ({ instruction, page }) => {
  const [option = ''] = read(instruction, /Select (.*) from the list/)
  const list = find(page, looking('combobox'))
  return list.value === option ? finish(page) : select(list, option)
}

const scrollList: Expert = ({ instruction, page }) => {
  const [options = ''] = read(instruction, /Select (.*) from the scroll list/)
  const list = find(page, looking('listbox'))
  const chosen = (list.value ?? '').split(', ')
  const next = options.split(', ').find((option) => !chosen.includes(option))
  return next === undefined ? finish(page) : select(list, next)
}

const login: Expert = ({ instruction, page }) => {
  const popup = seek(page, looking('button', 'Cancel'))
  if (popup !== undefined) return click(popup, 'Cancel')
  const [user = '', password = ''] = quoted(instruction)
  const fields = [
    [find(page, looking('textbox', 'Username')), user, 'username'],
    [find(page, looking('textbox', 'Password')), password, 'password'],
  ] as const
  return fillAll(fields, () => finish(page))
}

const enterPassword: Expert = ({ instruction, page }) => {
  const [password = ''] = quoted(instruction)
  const fields = [
    [find(page, looking('textbox', 'Password')), password, 'password'],
    [find(page, looking('textbox', 'Verify password')), password, 'verify password'],
  ] as const
  return fillAll(fields, () => finish(page))
}

/** The layouts label their fields differently, but always with one of these words. */
const searchMovies: Expert = ({ instruction, page }) => {
  const values = read(instruction, /Search for (.*) movies directed by (.*) from year (\d+)/)
  const names = ['genre', 'director', 'year'] as const
  const field = (name: string) =>
    find(page, (element) => {
      const words = element.name.toLowerCase()
      return element.role === 'textbox' && (words.includes(name) || (name === 'year' && words.includes('date')))
    })
  const fields = names.map((name, i) => [field(name), values[i]!, name] as const)
  return fillAll(fields, () => finish(page))
}

/** Copies the values of a table's rows into the fields with the same names. */
const copyTable: Expert = ({ page }) => {
  for (const box of page.filter(looking('textbox'))) {
    const row = find(page, ({ role, name }) => role === 'row' && name.startsWith(`${box.name} | `))
    const text = row.name.slice(box.name.length + 3)
    if (box.value !== text)
      return { thought: `${row.name}, fill ${box.name}`, action: { kind: 'fill', ref: box.ref, text } }
  }
  return finish(page)
}

/** 'Check the 1st radio button and enter the number "3" into the 2nd textbox.' */
const radioAndText: Expert = ({ instruction, page }) => {
  const [radio = '', number = '', box = ''] = read(
    instruction,
    /the (\w+) radio button and .* "(.*)" into the (\w+) textbox/,
  )
  const [choices, fields] = [page.filter(looking('radio')), page.filter(looking('textbox'))]
  const [choice, field] = [choices[placeOf(radio)], fields[placeOf(box)]]
  if (choice === undefined || field === undefined) throw new Stuck('there is no such radio button or textbox')
  if (!choice.states.includes('checked')) {
    return { thought: `${count(choices, placeOf(radio))}, click it`, action: { kind: 'click', ref: choice.ref } }
  }
  if (field.value === number) return finish(page)
  const thought = `${count(fields, placeOf(box))}, fill it with ${number}`
  return { thought, action: { kind: 'fill', ref: field.ref, text: number } }
}

/** Types the beginning, clicks the matching suggestion, then submits. */
const autocomplete: Expert = ({ instruction, page }) => {
  const [start = '', end = ''] = quoted(instruction)
  const box = find(page, looking('textbox'))
  const value = box.value ?? ''
  const entry = page.find(({ role, name }) => role !== 'textbox' && name.startsWith(start) && name.endsWith(end))
  if (entry !== undefined) return click(entry, entry.name)
  if (value.startsWith(start) && value.endsWith(end) && value.length > start.length) return finish(page)
  return fill(box, start, 'tags')
}

export const FORM_EXPERTS: Readonly<Record<string, Expert>> = {
  'choose-list': chooseList,
  'click-scroll-list': scrollList,
  'login-user': login,
  'login-user-popup': login,
  'enter-password': enterPassword,
  'multi-layouts': searchMovies,
  'multi-orderings': searchMovies,
  'read-table-2': copyTable,
  'form-sequence-2': radioAndText,
  'use-autocomplete': autocomplete,
  'use-autocomplete-nodelay': autocomplete,
}
