/** The address: it holds what is chosen, corrects itself, and "back" goes back. */
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { open } from './window.ts'

test('a filter that does not exist leaves the address, and the reader is told', async ({ page }) => {
  await go(page, 'episodes?task=make-tea&outcome=success&stage=lunch')
  await page.waitForURL(/#\/episodes\?outcome=success$/)
  await expect(page.getByText('The address names task “make-tea”, which does not exist. It was removed.')).toBeVisible()
  await expect(page.getByRole('row').nth(1)).toBeVisible()
  await go(page, 'tasks?task=make-tea')
  await page.waitForURL(/#\/tasks$/)
  await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor()
  await go(page, 'nowhere?run=1')
  await page.waitForURL(/#\/pipeline$/)
})

test('the chosen episode and the search stay in the address', async ({ page }) => {
  await open(page, 'episodes')
  const third = page.getByRole('row').nth(3)
  await third.click()
  await page.waitForURL(/episode=\d+/)
  const words = await third.textContent()
  const chosen = page.getByRole('row', { selected: true })
  await expect(chosen).toHaveText(words ?? '')
  await page.getByLabel('Search instructions').fill('button')
  await page.waitForURL(/search=button/)
  await page.getByLabel('Search instructions').fill('')
  await page.waitForURL(/#\/episodes\?episode=\d+$/)
  await page.reload()
  await expect(chosen).toHaveText(words ?? '')
})

test('the zoom and the scale of curves stay in the address', async ({ page }) => {
  await go(page, 'training?stage=dpo&steps=4-8&scale=log')
  await page.reload()
  await page.getByRole('button', { name: 'Steps 4 to 8: show all' }).click()
  await page.waitForURL(/#\/training\?stage=dpo&scale=log$/)
  await expect(page.getByRole('switch', { name: 'Log scale' })).toBeChecked()
})

test('"back" closes what was opened in Results, and stays there', async ({ page }) => {
  await open(page, 'results')
  const bar = page
    .getByRole('region', { name: 'DPO against SFT', exact: true })
    .getByRole('button', { name: /solved by both/ })
  await bar.click()
  const problems = page.getByRole('heading', { name: 'Problems: DPO and SFT' })
  await problems.waitFor()
  await page.goBack()
  await problems.waitFor({ state: 'hidden' })
  await expect(page.getByRole('heading', { level: 1, name: 'Results' })).toBeVisible()
})

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to
  }, `#/${hash}`)
}

test('numbers that are none leave the address, and the reader is told', async ({ page }) => {
  for (const [address, name] of [
    ['pairs?run=1&round=1&pair', 'pair'],
    ['episodes?episode', 'episode'],
    ['studies?study', 'study'],
  ] as const) {
    await go(page, `${address}=-1e5`)
    await page.getByText(`The address names ${name} “-1e5”, which does not exist.`).waitFor()
    await expect.poll(() => page.url()).not.toContain('1e5')
  }
})
