/** Runs and their adapters; a task that is played and recorded by hand. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, LATER, test } from './fixtures.ts'
import { clean, focused, open } from './window.ts'

test('a run is opened, deleted and brought back', async ({ page }) => {
  await open(page, 'runs')
  await page.getByLabel('Mark run 1').check()
  await page.getByRole('heading', { name: 'Settings of run 1' }).waitFor()
  await clean(page, 'runs')
  await page.getByRole('button', { name: 'More on run 1' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('link', { name: /^1 · / }).waitFor({ state: 'hidden' })
  // The focused element is gone; the focus stays in the view.
  await expect.poll(() => focused(page)).toBe('Runs & models')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: /^1 · / }).waitFor()
  await page.getByText('Models', { exact: true }).click()
  await page.getByRole('heading', { name: 'Made by runs' }).waitFor()
  await clean(page, 'models')
})

test('two adapters are compared, merged, and sent to play side by side', async ({ page, lab }) => {
  test.setTimeout(LATER)
  await open(page, 'runs')
  await page.getByText('Models', { exact: true }).click()
  for (const name of ['DPO · Run 1', 'SFT · Run 1']) await page.getByLabel(`Compare ${name}`, { exact: true }).check()
  const comparison = page.getByRole('region', { name: 'Two adapters compared' })
  await comparison.getByRole('img', { name: /^q_proj: A .* difference/ }).waitFor()
  await comparison.getByRole('img', { name: /\d+ solved by/ }).waitFor()
  await clean(page, 'compare')

  await page
    .getByRole('listitem')
    .filter({ has: page.getByLabel('Compare DPO · Run 1', { exact: true }) })
    .getByRole('button', { name: 'Merge' })
    .click()
  const dialog = page.getByRole('dialog', { name: 'Merge DPO · Run 1' })
  await dialog.getByLabel('Goes into the folder').fill(lab.folder)
  await dialog.getByLabel('Name').fill('merged')
  await clean(page, 'merge')
  await dialog.getByRole('button', { name: 'Write the checkpoint' }).click()
  await expect.poll(() => focused(page)).toBe('Merge')
  await page.getByText(/^The merged model is in .*merged\.$/).waitFor({ timeout: LATER })
  expect(existsSync(join(lab.folder, 'merged/model.safetensors'))).toBe(true)

  await comparison.getByRole('button', { name: 'Play a task with both' }).click()
  await page.getByRole('heading', { name: 'Play one episode' }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page
    .getByRole('article')
    .nth(1)
    .getByText(/success|failure/)
    .first()
    .waitFor({ timeout: LATER })
  expect(await page.getByRole('article').count()).toBe(2)
  await page.getByRole('region', { name: 'DPO · Run 1', exact: true }).waitFor()
  await clean(page, 'play')
})

test('a golden sample is recorded by hand', async ({ page, context }) => {
  test.setTimeout(LATER)
  await open(page, 'live')
  await page.getByText('Record', { exact: true }).click()
  await page.getByRole('button', { name: 'Record', exact: true }).click()
  const heading = page.getByRole('heading', { name: /^Click on the "/ })
  await heading.waitFor()
  const wanted = /"(.*)"/.exec((await heading.textContent()) ?? '')?.[1]
  // The recording belongs to this window: it survives a reload, and another window has none.
  await page.reload()
  await heading.waitFor()
  const second = await context.newPage()
  await second.goto(page.url().replace(/&screen=.*/, ''))
  await second.getByText('Show the agent how').waitFor()
  await second.close()

  await page.getByText(/^Elements of the page/).click()
  const button = page.getByRole('button', { name: new RegExp(`^Click ${wanted} button \\d+$`) }).first()
  await button.click()
  const save = page.getByRole('button', { name: 'Save' })
  await expect(save).toBeEnabled()
  await page.getByRole('button', { name: 'Undo the last step' }).click()
  await page.getByText(/^The last step is undone/).waitFor()
  await expect(save).toBeDisabled()
  await button.click()
  await clean(page, 'record')
  await expect(save).toBeEnabled()
  await page.getByRole('button', { name: 'Begin another' }).click()
  const unsaved = page.getByRole('dialog', { name: 'Your recording is not saved' })
  await unsaved.getByRole('button', { name: 'Save it first' }).waitFor()
  await clean(page, 'record-unsaved')
  await unsaved.getByRole('button', { name: 'Cancel' }).click()
  await unsaved.waitFor({ state: 'hidden' })
  await save.click()
  await page.getByText(/^1 sample was added to /).waitFor()
})
