/** The settings form: what it takes, what it refuses, and what it does about another window. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

test.beforeEach(({ page }) => go(page, 'pipeline?form=experiment'))

test('Enter in the list of tasks adds a task and never saves; one that does not exist is refused', async ({
  page,
  lab,
}) => {
  const tasks = page.getByRole('combobox', { name: /^Tasks/ })
  const save = page.getByRole('button', { name: /^Save \d+ change/ })
  await tasks.fill('click-buton')
  await tasks.press('Enter')
  await expect(page.getByText('There is no click-buton. Did you mean click-button?')).toBeVisible()
  await expect(save).toBeDisabled()
  await tasks.press('Backspace')
  await tasks.fill('click-tab')
  await tasks.press('Enter')
  await expect(save).toBeEnabled()
  await tasks.press('Enter')
  await tasks.press('Enter')
  await expect(save).toBeEnabled()
  expect(readFileSync(join(lab.folder, 'config.yaml'), 'utf8')).not.toContain('click-tab')
})

test('the bounds of a number stand beside its field before anything is typed', async ({ page }) => {
  await go(page, 'pipeline?side=settings&stage=dpo')
  const rate = page.getByRole('textbox', { name: /^Learning rate training/ })
  await expect(rate).toHaveAccessibleDescription(/More than 0, at most 1\./)
  await rate.fill('1e9')
  await expect(page.getByText('At most 1.', { exact: true })).toBeVisible()
  await page.getByRole('textbox', { name: /^Batch size/ }).fill('100000')
  await expect(page.getByText('At most 4096.', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save 2 changes' })).toBeDisabled()
})

test('a form shows what another window saved, and does not save over it', async ({ page, context }) => {
  const other = await context.newPage()
  await other.goto(page.url())
  const seed = page.getByRole('textbox', { name: /^Training seed/ })
  await seed.fill('7')
  await other.getByRole('textbox', { name: /^Training seed/ }).fill('9')
  await other.getByRole('button', { name: 'Save 1 change' }).click()
  await expect(page.getByText('Another window has saved 9 since you began to type.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save 1 change' })).toBeDisabled()
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  // What nobody types into follows the other window.
  await expect(other.getByRole('textbox', { name: /^Training seed/ })).toHaveValue('7')
})

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to
  }, `#/${hash}`)
}
