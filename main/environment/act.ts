/** Performs actions on a page with a user's mouse and keys, so that the page receives trusted events. */
import type { KeyInput, Page } from 'puppeteer-core'
import type { Obstacle } from '../store/episode.ts'
import { type Action, LONGEST_TEXT } from './action.ts'
import type { Impossible, Lab, Point } from './page/lab.ts'

type Hands = Pick<Lab, 'locate' | 'field' | 'fill' | 'select' | 'click'>

/** Calls one of the functions that reach.ts has put into the page. */
function inPage<K extends keyof Hands>(
  page: Page,
  name: K,
  ...args: Parameters<Hands[K]>
): Promise<Awaited<ReturnType<Hands[K]>>> {
  const call = `dpoDriver.${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`
  return page.evaluate(call) as Promise<Awaited<ReturnType<Hands[K]>>>
}

/**
 * Performs the action. Returns null when it is done, otherwise why it cannot be done. With `trusted`, mouse and key
 * events are those of a user; without it, element.click() is called and values are set at once, even where something
 * covers the element.
 */
export async function act(page: Page, action: Action, trusted: boolean): Promise<Obstacle | null> {
  switch (action.kind) {
    case 'click':
      return click(page, action.ref, trusted)
    case 'fill':
      return fill(page, action.ref, action.text.slice(0, LONGEST_TEXT), trusted)
    case 'select':
      return (await inPage(page, 'select', action.ref, action.option))?.impossible ?? null
    case 'press':
      await page.keyboard.press(action.key as KeyInput)
      return null
  }
}

async function click(page: Page, ref: number, trusted: boolean): Promise<Obstacle | null> {
  if (!trusted) return (await inPage(page, 'click', ref))?.impossible ?? null
  const point = await inPage(page, 'locate', ref)
  if (isImpossible(point)) return point.impossible
  await clickAt(page, point)
  return null
}

/** The messages are sent together. The browser handles them in order, and this saves a round trip for each. */
async function clickAt({ mouse }: Page, { x, y }: Point): Promise<void> {
  await Promise.all([mouse.move(x, y), mouse.down(), mouse.up()])
}

async function fill(page: Page, ref: number, text: string, trusted: boolean): Promise<Obstacle | null> {
  if (!trusted) return failure(await inPage(page, 'fill', ref, text))
  const before = await inPage(page, 'field', ref, text)
  if (isImpossible(before)) return before.impossible
  const point = await inPage(page, 'locate', ref)
  if (isImpossible(point)) return point.impossible
  await clickAt(page, point)
  const field = await inPage(page, 'fill', ref, null)
  // The page has removed the field after the click; the agent sees that in the next observation.
  if (isImpossible(field)) return null
  if (!field.typed) return failure(await inPage(page, 'fill', ref, text))
  if (text === '') await page.keyboard.press('Delete')
  else await type(page, text)
  return null
}

/** Sends key events for each letter that a key gives, and enters other letters as an input method would. */
async function type({ keyboard }: Page, text: string): Promise<void> {
  const sent: Promise<void>[] = []
  for (const letter of text) {
    if (/^[ -~]$/.test(letter)) sent.push(keyboard.down(letter as KeyInput), keyboard.up(letter as KeyInput))
    else sent.push(keyboard.sendCharacter(letter))
  }
  await Promise.all(sent)
}

function isImpossible(answer: object): answer is Impossible {
  return 'impossible' in answer
}

function failure(answer: object): Obstacle | null {
  return isImpossible(answer) ? answer.impossible : null
}
