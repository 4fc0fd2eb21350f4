/** A message in the way: what the task needs is disabled until the message is closed. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { filler, phrase, typedText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, askFill, askFinish, finishName, sentence } from './wording.ts'

const DISMISS = [
  'Cancel',
  'Close',
  'Dismiss',
  'No',
  'Later',
  'Not now',
  'Stay',
  'Ignore',
  'Skip',
  'No thanks',
  'Keep working',
]
const ACCEPT = [
  'OK',
  'Yes',
  'Continue',
  'Accept',
  'Log out',
  'Leave',
  'Subscribe',
  'Install',
  'Restart',
  'Exit',
  'Agree',
]
const ONLY = ['OK', 'Got it', 'Close', 'Understood', 'Fine', 'x', 'Continue']

export function interruption(random: Random, fresh: FreshName): Block {
  const dismiss = element(
    'button',
    fresh((r) => r.pick(DISMISS)),
  )
  const alone = random.chance(0.25)
  if (alone) dismiss.name = random.pick(ONLY)
  // It may have the name of a button below.
  const buttons = alone ? [dismiss] : random.sample([dismiss, element('button', random.pick(ACCEPT))], 2)
  const texts = Array.from({ length: random.integer(1, 2) }, () =>
    element(random.pick(['p', 'div', 'span']), filler(random).replace(/\.$/, random.pick(['.', '?', '!']))),
  )
  const message = [...texts, ...buttons]
  const { below, queries } = random.chance(0.7) ? coveredForm(random, fresh) : coveredButtons(random, fresh)
  for (const draft of below) draft.states.push('disabled')
  const close = (query: Omit<Query, 'thought' | 'next'>): Query => ({
    ...query,
    thought: `click ${dismiss.name}`,
    next: { kind: 'click', on: dismiss },
  })
  return {
    elements: random.chance(0.75) ? [...below, ...message] : [...message, ...below],
    queries: queries.map(close),
  }
}

type Covered = { below: ReturnType<typeof element>[]; queries: Omit<Query, 'thought' | 'next'>[] }

/** Fields, some of which have their text. The last action may have come too late for its field. */
function coveredForm(random: Random, fresh: FreshName): Covered {
  const fields = Array.from({ length: random.integer(1, 3) }, () =>
    element(
      'textbox',
      fresh((r) => (r.chance(0.5) ? word(r) : phrase(r, 1, 2))),
      { value: '' },
    ),
  )
  const button = element('button', random.pick([finishName(random), 'OK', 'Login']))
  const texts = fields.map(() => typedText(random))
  const at = random.integer(0, fields.length)
  const lost = at > 0 && random.chance(0.4)
  for (const [i, field] of fields.slice(0, lost ? at - 1 : at).entries()) field.value = texts[i]!
  const wishes = fields.map((field, i) => askFill(random, field.name, '', texts[i]!).wish)
  const done = fields.slice(0, at).map((on, i) => ({ kind: 'fill' as const, on, text: texts[i]! }))
  const instruction = sentence(random, [...wishes, askFinish(random, button.name).wish])
  return { below: [...fields, button], queries: [{ instruction, done }] }
}

function coveredButtons(random: Random, fresh: FreshName): Covered {
  const role = random.pick(['button', 'link', 'tab', 'checkbox', 'radio'])
  const below = Array.from({ length: random.integer(1, 5) }, () => element(role, fresh(word)))
  const queries = random.sample(below, 2).map(({ name }) => ({
    instruction: sentence(random, [askClick(random, name, role)]),
    done: [],
  }))
  return { below, queries }
}
