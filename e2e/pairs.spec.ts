/** Pairs: read, judged by keys, edited, imported. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { z } from 'zod'
import { expect, LATER, test } from './fixtures.ts'
import { clean, open } from './window.ts'

/** The column of ids, from 0. The one before it marks pairs. */
const ID = 1

test.beforeEach(async ({ page }) => {
  await open(page, 'pairs')
  await page
    .getByRole('region', { name: 'The opened pair' })
    .getByText(/^Pair 1 ·/)
    .waitFor()
})

test('pairs are read, judged by keys, and every judgement can be undone', async ({ page }) => {
  const count = page.getByText(/ of \d+ reviewed/)
  const chosen = await answerOf(page, 'Chosen')
  await clean(page, 'pairs')
  const grid = page.getByRole('grid')
  const [list, margin] = await Promise.all([
    grid.locator('xpath=..').boundingBox(),
    grid.getByRole('columnheader', { name: 'Policy margin' }).boundingBox(),
  ])
  expect(margin!.x + margin!.width).toBeLessThanOrEqual(list!.x + list!.width)
  await page.keyboard.press('s')
  await expect.poll(() => answerOf(page, 'Rejected')).toBe(chosen)
  await page.keyboard.press('Control+z')
  await expect.poll(() => answerOf(page, 'Chosen')).toBe(chosen)
  await page.keyboard.press('d')
  await expect(count).toHaveText(/^1 of/)
  await page.reload()
  await expect(count).toHaveText(/^1 of/)
  await page.getByRole('gridcell', { name: 'dropped' }).first().waitFor()
  await page.getByLabel('Note').fill('the page has two of these')
  await page.keyboard.press('Enter')
  await page.getByLabel('State', { exact: true }).selectOption({ label: 'with a note' })
  await page.getByText('1 pair', { exact: true }).waitFor()
})

test('the list is resized by keys and by mouse', async ({ page }) => {
  const divider = page.getByRole('separator', { name: 'Width of the list' })
  const width = async () => Number(await divider.getAttribute('aria-valuenow'))
  const before = await width()
  await divider.focus()
  await page.keyboard.press('ArrowRight')
  await expect(divider).toHaveAttribute('aria-valuenow', String(before + 2))
  const { x, y, height } = (await divider.boundingBox())!
  await page.mouse.move(x + 8, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x - 100, y + height / 2)
  await page.mouse.up()
  await expect.poll(width).toBeLessThan(before - 2)
})

test('going from pair to pair does not name every round again', async ({ page }) => {
  const other = { run: 1, round: 9, pairs: 98_765, reviewed: 0, dropped: 0, swapped: 0, edited: 0 }
  await page.routeWebSocket(/trpc/, (window) => {
    window.connectToServer().onMessage((answer) => {
      const rounds = /(\[\{"run":\d+,"round":\d+,"pairs":[^\]]*)\]/
      window.send(String(answer).replace(rounds, `$1,${JSON.stringify(other)}]`))
    })
  })
  await page.reload()
  await expect(page.getByRole('option', { name: /round 9 · 98,765 pairs/ })).toBeAttached()
  await page.getByText(/^Pair 1 ·/).waitFor()
  // Every text with a number asks for its plural.
  await page.evaluate(() => {
    const { select } = Intl.PluralRules.prototype
    const counted: number[] = []
    Object.assign(globalThis, { counted })
    Intl.PluralRules.prototype.select = function (count: number) {
      counted.push(count)
      return select.call(this, count)
    }
  })
  await page.keyboard.press('j')
  await page.getByText(/^Pair 2 ·/).waitFor()
  const counted = await page.evaluate(() => (globalThis as typeof globalThis & { counted: number[] }).counted)
  expect(counted.length).toBeGreaterThan(0)
  expect(counted).not.toContain(other.pairs)
})

test('a list of thousands scrolls to its end and back at once', async ({ page, context, complaints }) => {
  const exported = await context.request.get(new URL('/exports/1/preferences.jsonl?round=1', page.url()).href)
  const row = z
    .looseObject({ chosen: z.tuple([z.looseObject({ content: z.string() })]) })
    .parse(JSON.parse((await exported.text()).split('\n')[0] ?? ''))
  const [{ content }] = row.chosen
  const many = Array.from({ length: 2000 }, (_, at) => ({
    ...row,
    chosen: [{ role: 'assistant', content: content.replace('Thought: ', `Thought: ${at} `) }],
  }))
  const broken = await choose(page, 'broken.jsonl', `${JSON.stringify(row)}\n{"prompt": 1}`)
  await broken
    .getByText('broken.jsonl:2: prompt must be a text or a list of messages; correct or delete the line.')
    .waitFor()
  await expect(broken.getByRole('button', { name: 'Import' })).toBeDisabled()
  await broken.getByRole('button', { name: 'Cancel' }).click()
  // The browser reports the status of the refused request itself.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('status of 400')])
  const dialog = await choose(page, 'many.jsonl', many.map((one) => JSON.stringify(one)).join('\n'))
  await dialog.getByText(/^Would import: \d+ added, \d+ changed, 0 dropped, 0 as they were/).waitFor()
  await expect(page.getByText(/^\d+ pairs$/)).not.toHaveText(/^2,/)
  await dialog.getByRole('radio', { name: 'Replace them' }).check()
  await dialog.getByText(/^Would import: \d+ added, \d+ changed, [1-9]\d* dropped/).waitFor()
  await dialog.getByRole('radio', { name: 'Keep them' }).check()
  await dialog.getByText(/^Would import: \d+ added, \d+ changed, 0 dropped/).waitFor()
  await clean(page, 'import')
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.getByText(/^Imported: \d+ added, \d+ changed, 0 dropped, 0 as they were/).waitFor()
  await expect(dialog.getByRole('listitem')).toHaveCount(21)
  await expect(dialog.getByRole('listitem').nth(5)).toHaveText(
    /^many\.jsonl:\d+: (added|changed chosen, rejected of) pair \d+ \(.*, seed \d+, step \d+\)$/,
  )
  await expect(dialog.getByRole('listitem').last()).toHaveText(/^and \d+ more\.$/)
  await clean(page, 'imported')
  await dialog.getByRole('button', { name: 'OK' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const grid = page.getByRole('grid')
  const rowCount = async () => Number(await grid.getAttribute('aria-rowcount'))
  await expect.poll(rowCount).toBeGreaterThan(2000)
  const rows = await rowCount()
  const place = (at: number) => page.locator(`[role=grid] tr[aria-rowindex="${at}"] td`).nth(ID)
  await grid.focus()
  for (const [key, at] of [
    ['End', rows],
    ['Home', 2],
    ['End', rows],
  ] as const) {
    await page.keyboard.press(key)
    await expect(place(at)).toHaveText(/^\d+$/)
  }
})

test('pairs are judged as quickly as keys can be pressed', async ({ page }) => {
  await inList(page, 'kept')
  const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((place) => idAt(page, place)))
  await press(page, 'ddddd')
  await expect.poll(() => opened(page)).toBe(ids[5])
  // They have left the list, and the next pair is now its first.
  await expect.poll(() => idAt(page, 0)).toBe(ids[5])
  // A pair that stays in the list is followed by the next one too.
  await press(page, 'a')
  await expect.poll(() => opened(page)).toBe(ids[6])
  await inList(page, 'dropped')
  const dropped = (
    await page
      .getByRole('grid')
      .locator(`tbody td:nth-child(${ID + 1})`)
      .allTextContents()
  ).map(Number)
  expect(dropped.filter((id) => ids.includes(id))).toEqual(ids.slice(0, 5))
  await page.keyboard.press('Control+z')
  await page.getByText(`Pair ${ids[5]}: keep taken back.`).waitFor()
  await expect.poll(() => opened(page)).toBe(ids[5])
  await page.keyboard.press('Control+z')
  await page.getByText(`Pair ${ids[4]}: drop taken back.`).waitFor()
  await expect.poll(() => opened(page)).toBe(ids[4])
})

test('an edit is checked, saved, and never lost to another key', async ({ page }) => {
  const detail = page.getByRole('region', { name: 'The opened pair' })
  const before = await opened(page)
  await page.keyboard.press('e')
  const chosen = detail.getByRole('textbox', { name: 'Chosen' })
  await expect(chosen).toBeFocused()
  await chosen.fill(await detail.getByRole('textbox', { name: 'Rejected' }).inputValue())
  await page.keyboard.press('Control+Enter')
  await page.getByText(/chosen and rejected are the same text; change one/).waitFor()
  await detail.getByRole('heading', { level: 2 }).click()
  await press(page, 'jd')
  expect(await opened(page)).toBe(before)
  await chosen.fill('let me see')
  await page.keyboard.press('Control+Enter')
  const doubt = page.getByRole('dialog', { name: 'Save this answer?' })
  await doubt.getByText(/^The agent could not act on this answer: /).waitFor()
  await doubt.getByRole('button', { name: 'Cancel' }).click()
  await chosen.fill('Thought: better\nAction: press Tab')
  await page.keyboard.press('Control+Enter')
  await chosen.waitFor({ state: 'hidden' })
  await expect.poll(() => answerOf(page, 'Chosen')).toContain('better')
  await page.keyboard.press('e')
  await chosen.fill('never mind')
  await page.keyboard.press('Escape')
  await expect.poll(() => answerOf(page, 'Chosen')).toContain('better')
})

test('the shown side of a pair stays chosen at the next one', async ({ page }) => {
  await page.getByText('Prompt', { exact: true }).first().click()
  await press(page, 'j')
  await expect.poll(async () => (await opened(page)) === (await idAt(page, 1))).toBe(true)
  await expect(page.getByRole('radio', { name: 'Prompt' }).first()).toBeChecked()
})

/** The text of an answer of the opened pair. */
async function answerOf(page: Page, side: 'Chosen' | 'Rejected'): Promise<string | null> {
  return page.getByRole('heading', { name: side, exact: true }).locator('xpath=following-sibling::*[1]').textContent()
}

/** The id of the opened pair. */
async function opened(page: Page): Promise<number> {
  const heading = page.getByRole('region', { name: 'The opened pair' }).getByRole('heading', { level: 2 })
  return Number(/^Pair (\d+)/.exec((await heading.textContent()) ?? '')?.[1])
}

/** The id of the pair at a place of the list, from 0. */
async function idAt(page: Page, place: number): Promise<number> {
  const row = page.getByRole('grid').locator(`tr[aria-rowindex="${place + 2}"] td`)
  return Number(await row.nth(ID).textContent())
}

/** Lists the pairs of a state, and opens the first. */
async function inList(page: Page, state: string): Promise<void> {
  await page.getByLabel('State', { exact: true }).selectOption({ label: state })
  await page.getByRole('grid').focus()
  await expect.poll(async () => (await opened(page)) === (await idAt(page, 0))).toBe(true)
}

async function press(page: Page, keys: string): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** Chooses a file of pairs in the menu. Returns the dialog that says what its import would do. */
async function choose(page: Page, name: string, text: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Files' }).click()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('menuitem', { name: /^Import/ }).click()
  await (await chooser).setFiles({ name, mimeType: 'application/jsonl', buffer: Buffer.from(text) })
  return page.getByRole('dialog', { name: `Import ${name}` })
}

test('a round is written for TRL, and the window says where', async ({ page, lab }) => {
  for (const folder of ['run-1-round-1', 'run-1-round-1-2']) {
    await page.getByRole('button', { name: 'Files' }).click()
    await page.getByRole('menuitem', { name: 'Export the training for TRL' }).click()
    const dialog = page.getByRole('dialog', { name: 'Train on other machines with TRL' })
    await dialog.getByRole('button', { name: 'Write the folder' }).click()
    await expect(dialog.getByText(/pairs?, .* steps of own successes/)).toContainText(folder, { timeout: LATER })
    expect(existsSync(join(lab.folder, 'trl', folder, 'train.py'))).toBe(true)
    await clean(page, 'trl')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
  }
})

test('all listed pairs are judged at once, and a second annotator judges apart', async ({ page }) => {
  await open(page, 'pairs')
  await page.getByRole('gridcell').first().waitFor()
  const first = page.getByLabel(/^Mark pair \d+$/)
  await first.nth(0).check()
  await first.nth(1).check()
  await page.getByRole('button', { name: 'The 2 marked' }).click()
  await page.getByRole('menuitem', { name: 'Drop' }).click()
  await page.getByText('2 pairs: drop.').waitFor()
  await page.getByRole('button', { name: 'The 2 marked' }).click()
  await page.getByRole('menuitem', { name: 'Remove the marks' }).click()
  await page.getByRole('button', { name: /^All \d+ listed$/ }).click()
  await page.getByRole('menuitem', { name: 'Note' }).click()
  await page.getByRole('dialog').getByLabel('Note').fill('looked at')
  await page.getByRole('button', { name: 'Write the note' }).click()
  await page.getByText(/pairs: note\.$/).waitFor()
  await expect(page.getByRole('grid').getByLabel('has a note').first()).toBeVisible()

  await page.getByRole('button', { name: 'Annotators' }).click()
  await page.getByLabel('Judge under a name').fill('Ada')
  await page.getByRole('button', { name: 'Judge under this name' }).click()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/as=Ada/)
  // What others judged is not seen.
  await expect(page.getByRole('grid').getByText('dropped')).toHaveCount(0)
  await page.getByRole('gridcell', { name: 'new' }).first().click()
  await page.keyboard.press('d')
  await page.keyboard.press('a')
  const dropped = page.getByRole('grid').getByText('dropped')
  await expect(dropped).toHaveCount(1)
  // What Ada judges at once is undone at once, and the review stays as it is.
  await page.getByRole('button', { name: /^All \d+ listed$/ }).click()
  await page.getByRole('menuitem', { name: 'Drop' }).click()
  await expect(dropped).not.toHaveCount(1)
  await page.keyboard.press('Control+z')
  await page.getByText(/^\d+ pairs: drop taken back\.$/).waitFor()
  await expect(dropped).toHaveCount(1)
  await page.getByRole('button', { name: 'Judging as Ada' }).click()
  const row = page.getByRole('table', { name: 'Agreement' }).getByRole('row').nth(1)
  // Of the two, Ada drops one and keeps one; the review dropped both.
  await expect(row).toHaveText('the review and Ada250.0%0.00')
  await clean(page, 'pairs-annotators')
})
