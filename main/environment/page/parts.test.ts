/** The functions that read a page, each tested alone in a real page. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkbench, type Workbench } from '../../../testing/workbench.ts'
import { type BrowserHost, chromiumHost } from '../browser.ts'
import { Session } from '../session.ts'

let host: BrowserHost
let session: Session
let workbench: Workbench
beforeAll(() => {
  host = chromiumHost()
  session = new Session(host)
  workbench = openWorkbench()
})
afterAll(async () => {
  await host.close()
  workbench.remove()
})

/** The value of an expression in a page. `lab` is the lab in it, `$` finds an element by its id. */
async function on(html: string, expression: string, script?: string): Promise<unknown> {
  await session.reset(workbench.page(html, script), 1)
  return session.page!.evaluate(
    `(() => { const lab = dpoDriver; const $ = (id) => document.getElementById(id); return ${expression} })()`,
  )
}

test('texts are one line, cut at the length of their kind', async () => {
  expect(await on('', `lab.clean('  a\\n b\\u2028c <|x|> ')`)).toBe('a b c < |x|>')
  expect(await on('', `lab.clean('abc def', 5)`)).toBe('abc d…')
  expect(
    await on('', `[lab.cleanName, lab.clean, lab.cleanValue].map((clean) => clean('😀'.repeat(300)).length)`),
  ).toEqual([121, 481, 481])
  expect(await on('', `lab.cleanLabel(' Name : * ')`)).toBe('Name')
  expect(await on('', `lab.cleanValue(' a  b\\n')`)).toBe(' a  b ')
  expect(await on('', `['ab', 'abc', 'star-rating', 'x1y2'].map(lab.isWord)`)).toEqual([false, true, true, false])
})

test('look finds what is there, what is visible, and what is interactive', async () => {
  const html = `<div id="none" style="display:none"><button>A</button></div><p id="hidden" style="visibility:hidden">b</p>
    <div id="empty" style="height:0;overflow:hidden">c</div><span id="dead">d</span><a id="alive">e</a><div id="around"><i><button>f</button></i></div>`
  const ids = ['none', 'hidden', 'empty', 'dead', 'alive', 'around']
  const ask = (question: string) =>
    on(
      html,
      `(({ ${question} }) => ${JSON.stringify(ids)}.map((id) => ${question}($(id))))(lab.look())`,
      `$('alive').onclick = () => {}`,
    )
  expect(await ask('isRendered')).toEqual([false, true, false, true, true, true])
  expect(await ask('isSeen')).toEqual([false, false, false, true, true, true])
  expect(await ask('role')).toEqual([null, null, null, null, 'link', null])
  expect(await ask('isClickable')).toEqual([false, false, false, false, true, false])
  expect(await ask('holdsUsable')).toEqual([false, false, false, false, true, true])
})

test('a role is the ARIA role, that of the kind of field, or that of a class that listens for clicks', async () => {
  const html = `<i role="switch"></i><input type="range"><input type="made-up"><select size="3"></select><summary></summary>
    <i class="Folder" onclick=""></i><i class="tab-like" onclick=""></i><i class="folder"></i>`
  expect(await on(html, `[...$('area').children].map(lab.look().role)`)).toEqual([
    'switch',
    'slider',
    'textbox',
    'listbox',
    'button',
    'folder',
    null,
    null,
  ])
})

test('a text leaves out interactive elements and what a line shows already', async () => {
  const html = '<div id="box">one <b id="two">two</b><button>three</button> four<p>five</p></div>'
  const read = (rest: string) => on(html, `((texts) => ${rest})(lab.texts(lab.look()))`)
  const clean = (blocks: boolean) => `lab.clean(texts.of($('box'), ${blocks}).text)`
  expect(await read(clean(true))).toBe('one two four five')
  expect(await read(clean(false))).toBe('one two four')
  expect(await read(`(texts.show(texts.of($('two'), true).nodes), ${clean(true)})`)).toBe('one four five')
  expect(await read(`texts.isShown($('two').firstChild)`)).toBe(false)
})

test('the name of a field counts as shown', async () => {
  const html = `<label for="a">First</label><input id="a"><p><span id="s">Second:</span><input id="b"></p>
    <p>a sentence that is far too long for the name of a field <input id="c"></p>`
  const labels = `((texts) => { const found = lab.labels(lab.look(), texts)
    return [['a', 'b', 'c'].map((id) => found.get($(id)) ?? null), texts.isShown($('s').firstChild)] })(lab.texts(lab.look()))`
  expect(await on(html, labels)).toEqual([['First', 'Second', null], true])
})

test('an element without text is named by attributes, data, classes, id or colour, in this order', async () => {
  const html = `<i aria-label="spoken" class="star"></i><i data-color="olive" class="star"></i><i class="icon star-rating selected"></i>
    <i class="ui-icon ui-icon-close"></i><i id="search-text"></i><i style="background:#fe0100"></i><i id="row-3"></i>`
  expect(await on(html, `[...$('area').children].map(lab.names(lab.look()).byAttributes)`)).toEqual([
    'spoken',
    'olive',
    'star rating',
    'icon close',
    'search text',
    'red',
    'row 3',
  ])
  expect(await on('<i id="x1"><b title="inner"></b></i>', `lab.names(lab.look()).ofPicture($('x1'))`)).toBe('inner')
  expect(await on('', `['rgb(1, 2, 3)', 'rgba(1, 2, 3, 0)', 'none'].map(lab.names(lab.look()).ofColor)`)).toEqual([
    'black',
    '',
    '',
  ])
})

test('states come from the element or its ARIA attributes', async () => {
  const html = `<input type="checkbox" checked><i role="tab" aria-selected="true" aria-expanded="true"></i>
    <i class="clicked" onclick=""></i><i class="clicked"></i><button disabled></button>
    <details open><summary></summary></details>`
  const elements = `[...$('area').querySelectorAll('input, i, button, summary')]`
  const look = 'lab.look()'
  expect(
    await on(
      html,
      `((look) => ${elements}.map((element) => lab.states(element, look.role(element) ?? '', look)))(${look})`,
    ),
  ).toEqual([['checked'], ['selected'], ['selected'], [], ['disabled'], ['expanded']])
})

test('lines come from the top of the page, and tell which of them are interactive', async () => {
  const html = '<p>text <a href="#">link</a></p><table><tr><td>a</td><td>b</td></tr></table>'
  const lines = `lab.lines().map(({ usable, observed: { role, name } }) => [usable, role, name])`
  expect(await on(html, lines)).toEqual([
    [false, 'p', 'text'],
    [true, 'link', 'link'],
    [false, 'row', 'a | b'],
  ])
})
