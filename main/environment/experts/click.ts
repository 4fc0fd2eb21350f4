/** Experts for tasks of clicking. */
import {
  afterLast,
  click,
  type Expert,
  find,
  finish,
  lookBehind,
  looking,
  quoted,
  read,
  Stuck,
  seek,
} from './expert.ts'

/** "Click the button." */
const clickTheButton: Expert = ({ page }) => click(find(page, looking('button')), 'button')

/** 'Click on the "Ok" button.' */
const clickQuoted =
  (role: string): Expert =>
  ({ instruction, page }) => {
    const [name = ''] = quoted(instruction)
    return click(
      find(page, (element) => looking(role)(element) && element.name === name),
      name,
    )
  }

const clickNumbered: Expert = ({ instruction, page }) => {
  const [name = ''] = read(instruction, /button (ONE|TWO)/)
  return click(find(page, looking('button', name)), name)
}

const clickSequence: Expert = ({ page, done }) => {
  const name = done.length === 0 ? 'ONE' : 'TWO'
  return afterLast(done, page, click(find(page, looking('button', name)), name))
}

/** A dialog's x is its close button. */
const clickDialog: Expert = ({ instruction, page }) => {
  const [name = ''] = quoted(instruction)
  return click(find(page, looking('button', name === 'x' ? 'Close' : name)), name)
}

const clickTab: Expert = ({ instruction, page }) => {
  const [name = ''] = read(instruction, /(Tab #\d)/)
  return click(find(page, looking('tab', name)), name)
}

/** Opens one tab or section after another until the link is visible. */
const searchTabs: Expert = ({ instruction, page, done }) => {
  const [name = ''] = quoted(instruction)
  const link = seek(page, (element) => element.role === 'link' && element.name === name)
  if (link !== undefined) return click(link, name)
  const opened = new Set(done.map((action) => (action.kind === 'click' ? action.ref : 0)))
  const tab = page.find(({ role, ref, states }) => role === 'tab' && !states.includes('selected') && !opened.has(ref))
  if (tab === undefined) throw new Stuck(`no tab is left to look in for ${name}`)
  return lookBehind(tab, name)
}

const WIDGETS: Readonly<Record<string, string>> = { text: 'textbox' }

const clickWidget: Expert = ({ instruction, page }) => {
  const [widget = ''] = quoted(instruction)
  return click(find(page, looking(WIDGETS[widget] ?? widget)), widget)
}

const clickOption: Expert = ({ instruction, page, done }) => {
  const [name = ''] = read(instruction, /Select (.*) and click/)
  const option = find(page, (element) => element.role === 'radio' && element.name === name)
  return afterLast(done, page, option.states.includes('checked') ? finish(page) : click(option, name))
}

const clickCheckboxes: Expert = ({ instruction, page, done }) => {
  const [names = ''] = read(instruction, /Select (.*) and click/)
  for (const name of names === 'nothing' ? [] : names.split(', ')) {
    const box = find(page, (element) => element.role === 'checkbox' && element.name === name)
    if (!box.states.includes('checked')) return afterLast(done, page, click(box, name))
  }
  return afterLast(done, page, finish(page))
}

const clickColor: Expert = ({ instruction, page }) => {
  const [color = ''] = read(instruction, /the (\w+) colored box/)
  return click(find(page, looking('icon', color)), color)
}

const clickShades: Expert = ({ instruction, page }) => {
  const [color = ''] = read(instruction, /shades of (\w+)/)
  const left = page.find(({ role, name, states }) => role === 'icon' && name === color && !states.includes('selected'))
  return left === undefined ? finish(page) : click(left, color)
}

/** "Expand the section below and click submit." */
const expandSection: Expert = ({ page, done }) =>
  done.length === 0
    ? click(
        find(page, ({ role, name }) => role === 'tab' && name.startsWith('Section')),
        'section',
      )
    : finish(page)

const gridCoordinate: Expert = ({ instruction, page }) => {
  const [place = ''] = read(instruction, /(\(.*\))/)
  return click(find(page, looking('circle', place)), place)
}

const identifyShape: Expert = ({ page }) => {
  const shape = find(page, looking('text rectangle circle triangle polygon shape'))
  const sign = shape.name.split(' ').at(-1) ?? ''
  const kind = shape.role !== 'text' ? shape.role : /\d/.test(sign) ? 'Number' : 'Letter'
  return click(find(page, looking('button', kind)), kind)
}

/** Opens folders from the top until the name is visible. */
const navigateTree: Expert = ({ instruction, page, done }) => {
  const [name = ''] = quoted(instruction)
  const found = seek(page, (element) => element.name === name)
  if (found !== undefined) return click(found, name)
  const opened = new Set(done.map((action) => (action.kind === 'click' ? action.ref : 0)))
  const folder = page.find(({ role, ref }) => role === 'folder' && !opened.has(ref))
  if (folder === undefined) throw new Stuck(`no folder is left to look in for ${name}`)
  return lookBehind(folder, name)
}

const findGreatest: Expert = ({ page, done }) => {
  if (done.length > 0) return finish(page)
  const cards = page.filter(({ role, name }) => role === 'div' && /^\d+$/.test(name))
  const greatest = cards.toSorted((a, b) => Number(b.name) - Number(a.name))[0]
  if (greatest === undefined) throw new Stuck('there are no cards')
  return click(greatest, greatest.name)
}

const oddOrEven: Expert = ({ page }) => {
  for (const [i, { role, name }] of page.entries()) {
    if (role !== 'div' || !/^-?\d+$/.test(name)) continue
    const odd = Number(name) % 2 !== 0
    const button = page[odd ? i - 1 : i + 1]!
    if (!button.states.includes('selected')) return click(button, `${button.name} for ${name}`)
  }
  return finish(page)
}

export const CLICK_EXPERTS: Readonly<Record<string, Expert>> = {
  'click-test': clickTheButton,
  'click-test-2': clickNumbered,
  'click-test-transfer': clickNumbered,
  'click-button': clickQuoted('button'),
  'unicode-test': clickQuoted('button'),
  'click-button-sequence': clickSequence,
  'click-link': clickQuoted('link'),
  'click-dialog': clickDialog,
  'click-dialog-2': clickDialog,
  'click-tab': clickTab,
  'click-tab-2': searchTabs,
  'click-tab-2-easy': searchTabs,
  'click-tab-2-medium': searchTabs,
  'click-tab-2-hard': searchTabs,
  'click-collapsible': expandSection,
  'click-collapsible-nodelay': expandSection,
  'click-collapsible-2': searchTabs,
  'click-collapsible-2-nodelay': searchTabs,
  'click-widget': clickWidget,
  'click-option': clickOption,
  'click-checkboxes': clickCheckboxes,
  'click-checkboxes-transfer': clickCheckboxes,
  'click-checkboxes-large': clickCheckboxes,
  'click-color': clickColor,
  'click-shades': clickShades,
  'grid-coordinate': gridCoordinate,
  'identify-shape': identifyShape,
  'navigate-tree': navigateTree,
  'find-greatest': findGreatest,
  'odd-or-even': oddOrEven,
}
