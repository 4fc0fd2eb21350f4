/** Experts for small web sites: mail, social media, search, contacts, calendars. */
import type { ObservedElement } from '../observation.ts'
import {
  click,
  clickIcon,
  count,
  type Expert,
  fill,
  find,
  finish,
  lookBehind,
  looking,
  quoted,
  read,
  Stuck,
  seek,
} from './expert.ts'

/** The first matching element after `start`. */
const after = (
  page: readonly ObservedElement[],
  start: ObservedElement,
  wanted: (element: ObservedElement) => boolean,
): ObservedElement => find(page.slice(page.indexOf(start) + 1), wanted)

const ICONS: Readonly<Record<string, string>> = { 'mark it as important': 'star', 'delete it': 'trash' }

/** Clicks star or trash beside the sender, or opens the message and replies or forwards. */
const email: Expert = ({ instruction, page }) => {
  const [sender = ''] = read(instruction, /email by (\S+) and/)
  for (const [purpose, icon] of Object.entries(ICONS)) {
    if (!instruction.includes(purpose)) continue
    const thread = find(page, ({ name }) => name.startsWith(`${sender} `))
    return clickIcon(page, thread, looking('icon', icon))
  }
  const forward = /forward that email to (\S+)\./.exec(instruction)?.[1]
  const send = seek(page, looking('icon', forward === undefined ? 'send reply' : 'send forward'))
  if (send !== undefined) {
    const text = forward ?? quoted(instruction)[0] ?? ''
    const box = find(page, looking(forward === undefined ? 'textarea' : 'textbox'))
    return box.value === text
      ? { thought: 'done, click send', action: { kind: 'click', ref: send.ref } }
      : fill(box, text, forward === undefined ? 'text' : 'to')
  }
  const verb = forward === undefined ? 'Reply' : 'Forward'
  const answer = seek(page, ({ name }) => name === verb)
  return answer === undefined
    ? click(
        find(page, ({ name }) => name.startsWith(`${sender} `)),
        sender,
      )
    : click(answer, verb.toLowerCase())
}

/** Clicks a button of a user's post, which may be in the menu behind "more". */
const socialMedia: Expert = ({ instruction, page }) => {
  const [user = '', button = ''] = read(instruction, /user (\S+), click on the "(.*)" button/)
  const post = find(page, ({ name }) => name.split(' ').includes(user))
  const icons = ['reply', 'retweet', 'like', 'more']
  if (icons.includes(button.toLowerCase())) {
    return clickIcon(page, post, looking('icon', button))
  }
  const entry = seek(page, ({ role, name }) => role === 'li' && (name === button || name === `${button} ${user}`))
  return entry === undefined ? lookBehind(after(page, post, looking('icon', 'more')), button) : click(entry, button)
}

/** Clicks the same button on some or all posts of a user. */
const socialMediaAll: Expert = ({ instruction, page }) => {
  const [button = '', amount, user = ''] = read(instruction, /the "(.*)" button on (all|\d+) posts? by (\S+) and/)
  const posts = page.filter(({ name }) => name.split(' ').includes(user))
  for (const post of posts.slice(0, amount === 'all' ? undefined : Number(amount))) {
    const icon = after(page, post, looking('icon', button))
    if (!icon.states.includes('selected')) return clickIcon(page, post, looking('icon', button))
  }
  return finish(page)
}

const RESULTS_PER_PAGE = 3

/** 'Use the textbox to enter "Riley" and press "Search", then find and click the 7th search result.' */
const searchEngine: Expert = ({ instruction, page, done }) => {
  const [text = ''] = quoted(instruction)
  const [place] = read(instruction, /the (\d+)\w\w search result/)
  const box = find(page, looking('textbox'))
  if (box.value !== text) return fill(box, text, 'textbox')
  const last = done.at(-1)
  if (last?.kind === 'fill') return click(find(page, looking('button', 'Search')), 'Search')
  const results = page.filter(({ role, name }) => role === 'link' && !/^([<>]|\d)$/.test(name))
  // Each click after the one on Search has opened one more page.
  const seen = (done.length - 2) * RESULTS_PER_PAGE
  const at = Number(place) - 1 - seen
  const result = results[at]
  const ordinal = /(\d+\w\w) search/.exec(instruction)?.[1] ?? ''
  return result === undefined
    ? lookBehind(find(page, looking('link', '>')), ordinal)
    : { thought: `${count(results, at)}, click it`, action: { kind: 'click', ref: result.ref } }
}

/** Turns the pages of the contact book until the person is visible. */
const phoneBook: Expert = ({ instruction, page }) => {
  const [name = '', what = ''] = read(instruction, /Find (.*) in the contact book and click on their (.*)\./)
  const person = seek(page, looking('h2', name))
  if (person === undefined) return lookBehind(find(page, looking('link', '>')), name)
  const label = find(page, (element) => element.name.toLowerCase().startsWith(what.split(' ')[0]!))
  return click(after(page, label, looking('link')), what)
}

/** "Order one of each item: Garlic bread, Chicken wings", or "Order 3 items that are vegan": any one three times. */
const orderFood: Expert = ({ instruction, page, done }) => {
  const [, amount, kind] = /Order (\d+) items that are (.*)/.exec(instruction) ?? []
  const wanted =
    kind === undefined
      ? read(instruction, /each item: (.*)/)[0]!
          .split(',')
          .map((name) => find(page, looking('', name.trim())))
      : Array.from({ length: Number(amount) }, () => find(page, looking('icon', kind)))
  const next = wanted[done.length]
  return next === undefined ? finish(page, 'Order!') : clickIcon(page, next, looking('', '+'))
}

const buyTicket: Expert = ({ instruction, page }) => {
  const tickets = page
    .filter(({ name }) => name.startsWith('Book for $'))
    .map((button) => {
      const [hours = '0', minutes = '0'] = page[page.indexOf(button) - 1]?.name.match(/\d+/g) ?? []
      return {
        button,
        cost: Number(button.name.slice('Book for $'.length)),
        time: Number(hours) * 60 + Number(minutes),
      }
    })
  const by = instruction.includes('cost') ? 'cost' : 'time'
  const up = /cheapest|shortest/.test(instruction) ? 1 : -1
  const best = tickets.toSorted((a, b) => up * (a[by] - b[by]))[0]
  if (best === undefined) throw new Stuck('there are no tickets')
  return click(best.button, best.button.name)
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ')

/** Opens the calendar, turns to the month, clicks the day, and submits. */
const chooseDate: Expert = ({ instruction, page }) => {
  const [date = '', month = '', day = '', year = ''] = read(instruction, /((\d+)\/(\d+)\/(\d+))/)
  const box = find(page, looking('textbox'))
  if (box.value === date) return finish(page)
  const title = seek(page, ({ name }) => MONTHS.some((word) => name.startsWith(`${word} `)))
  if (title === undefined) return click(box, 'date')
  const [shown = '', shownYear = ''] = title.name.split(' ')
  const distance = (Number(year) - Number(shownYear)) * 12 + Number(month) - 1 - MONTHS.indexOf(shown)
  const what = `${MONTHS[Number(month) - 1]} ${year}`
  if (distance !== 0) return lookBehind(find(page, looking('', distance > 0 ? 'Next' : 'Prev')), what)
  return click(
    find(page, ({ name, role }) => role === 'link' && name === String(Number(day))),
    String(Number(day)),
  )
}

export const SITE_EXPERTS: Readonly<Record<string, Expert>> = {
  'email-inbox-delete': email,
  'email-inbox-important': email,
  'email-inbox-reply': email,
  'email-inbox-noscroll': email,
  'email-inbox-star-reply': email,
  'email-inbox-forward': email,
  'email-inbox': email,
  'social-media': socialMedia,
  'social-media-all': socialMediaAll,
  'social-media-some': socialMediaAll,
  'search-engine': searchEngine,
  'phone-book': phoneBook,
  'order-food': orderFood,
  'buy-ticket': buyTicket,
  'choose-date-easy': chooseDate,
  'choose-date-medium': chooseDate,
  'choose-date': chooseDate,
  'choose-date-nodelay': chooseDate,
}
