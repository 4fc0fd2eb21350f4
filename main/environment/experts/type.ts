/** Experts for tasks of typing into one field. */
import {
  click,
  count,
  type Expert,
  FIELD,
  fill,
  find,
  finish,
  looking,
  placeOf,
  quoted,
  read,
  Stuck,
} from './expert.ts'

/** Fills the only field with `text(situation)`, then presses the button. */
const enter =
  (text: (situation: Parameters<Expert>[0]) => string, field = 'text field'): Expert =>
  (situation) => {
    const box = find(situation.page, looking('textbox'))
    const wanted = text(situation)
    return box.value === wanted ? finish(situation.page, 'Submit') : fill(box, wanted, field)
  }

const textOf = (role: string, page: Parameters<Expert>[0]['page'], place = 0): string => {
  const element = page.filter(looking(role))[place]
  if (element === undefined) throw new Stuck(`there is no ${role} number ${place + 1}`)
  return element.value ?? element.name
}

const changedCase = ({ instruction }: { instruction: string }): string => {
  const [text = ''] = quoted(instruction)
  return instruction.includes('lower case') ? text.toLowerCase() : text.toUpperCase()
}

const nthWord: Parameters<typeof enter>[0] = ({ instruction, page }) => {
  const [place = ''] = read(instruction, /the (\w+) word/)
  return (textOf('p', page).split(' ')[placeOf(place)] ?? '').replace(/[^a-zA-Z]/g, '')
}

const readTable: Expert = ({ instruction, page }) => {
  const [label = ''] = read(instruction, /value of (.*) into/)
  const row = find(page, ({ role, name }) => role === 'row' && name.startsWith(`${label} | `))
  const [box, value] = [find(page, looking('textbox')), row.name.slice(label.length + 3)]
  return box.value === value
    ? finish(page, 'Submit')
    : { thought: `${row.name}, fill text field`, action: { kind: 'fill', ref: box.ref, text: value } }
}

const sum: Parameters<typeof enter>[0] = ({ page }) => {
  const problem = find(page, ({ name }) => /^\d+ [-+x*] \d+ =/.test(name)).name
  const [a, sign, b] = problem.split(' ')
  const [left, right] = [Number(a), Number(b)]
  return String(sign === '+' ? left + right : sign === '-' ? left - right : left * right)
}

const unknown: Parameters<typeof enter>[0] = ({ page }) => {
  const problem = find(page, ({ name }) => / = -?\d+$/.test(name)).name
  const [a, sign, b, , result] = problem.split(' ')
  const answer = Number(result)
  if (a === 'x') return String(sign === '+' ? answer - Number(b) : answer + Number(b))
  return String(sign === '+' ? answer - Number(a) : Number(a) - answer)
}

const enterDate: Expert = ({ instruction, page }) => {
  const [month, day, year] = read(instruction, /(\d+)\/(\d+)\/(\d+)/)
  const box = find(page, looking('date'))
  const text = `${year}-${month}-${day}`
  return box.value === text ? finish(page) : fill(box, text, 'date')
}

const enterTime: Expert = ({ instruction, page }) => {
  const [hour, minute, half] = read(instruction, /(\d+):(\d+) ([AP]M)/)
  const box = find(page, looking('time'))
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0)
  const text = `${String(hours).padStart(2, '0')}:${minute}`
  return box.value === text ? finish(page) : fill(box, text, 'time')
}

const focus: Expert = ({ instruction, page }) => {
  const place = /(\d\w\w) input/.exec(instruction)?.[1]
  const fields = page.filter(looking(FIELD))
  const at = place === undefined ? 0 : placeOf(place)
  const field = fields[at]
  if (field === undefined) throw new Stuck('there is no such textbox')
  if (place === undefined) return click(field, 'textbox')
  return { thought: `${count(fields, at)}, click it`, action: { kind: 'click', ref: field.ref } }
}

const copy: Parameters<typeof enter>[0] = ({ instruction, page }) =>
  textOf('textarea', page, placeOf(/the (\d\w\w) text area/.exec(instruction)?.[1] ?? '1st'))

export const TYPE_EXPERTS: Readonly<Record<string, Expert>> = {
  'focus-text': focus,
  'focus-text-2': focus,
  'enter-text': enter(({ instruction }) => quoted(instruction)[0] ?? ''),
  'enter-text-dynamic': enter(({ instruction }) => quoted(instruction)[0] ?? ''),
  'enter-text-2': enter(changedCase),
  'text-transform': enter(({ page }) => textOf('div', page)),
  'find-word': enter(nthWord, 'textbox'),
  'read-table': readTable,
  'copy-paste': enter(copy, 'textbox'),
  'copy-paste-2': enter(copy, 'text input'),
  'simple-arithmetic': enter(sum, 'textbox'),
  'simple-algebra': enter(unknown, 'textbox'),
  'enter-date': enterDate,
  'enter-time': enterTime,
}
