/** The lab before the first run, as a newcomer finds it. */
import { expect, test } from './fixtures.ts'
import { clean, open, VIEWS, type View } from './window.ts'

test.use({ stored: 'nothing' })

test.describe(() => {
  test.use({ toured: false })

  test('the first visit begins with the tour, which the keyboard can work', async ({ page }) => {
    expect(page.url()).not.toContain('token')
    const tour = page.getByRole('dialog', { name: 'A minute’s tour' })
    await tour.waitFor()
    await clean(page, 'tour')
    for (let step = 1; step < 4; step++) await page.keyboard.press('Enter')
    await tour.getByRole('heading', { name: 'Press one button' }).waitFor()
    await page.keyboard.press('Enter')
    await tour.waitFor({ state: 'hidden' })
    await page.reload()
    await page.getByRole('heading', { name: 'Pipeline' }).waitFor()
    await expect(tour).toHaveCount(0)
  })
})

test('every empty view says what to do', async ({ page }) => {
  for (const view of Object.keys(VIEWS) as View[]) {
    await open(page, view)
    await clean(page, `empty-${view}`)
  }
  await open(page, 'pairs')
  await page.getByRole('heading', { name: 'No pairs yet' }).waitFor()
})

test('settings are explained, checked and saved', async ({ page }) => {
  await page.getByRole('button', { name: /^2\s*Collect/ }).click()
  await page.getByText('Settings', { exact: true }).click()
  const attempts = page.getByRole('textbox', { name: 'attempts' })
  await attempts.fill('0')
  await page.getByText('At least 1.').waitFor()
  await expect(page.getByRole('button', { name: 'Save 1 change' })).toBeDisabled()
  await attempts.fill('5')
  await clean(page, 'settings')
  await page.getByRole('button', { name: 'Run everything' }).click()
  const unsaved = page.getByRole('dialog', { name: '1 setting is not saved' })
  await unsaved.waitFor()
  await clean(page, 'unsaved')
  await unsaved.getByRole('button', { name: 'Cancel' }).click()
  await unsaved.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Save 1 change' }).click()
  await page.getByText(/^Saved in/).waitFor()
  await expect(attempts).toHaveValue('5')
})
