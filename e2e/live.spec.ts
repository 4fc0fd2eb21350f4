/** What the live view shows beside the pages. */
import { expect, LATER, test } from './fixtures.ts'
import { clean, open } from './window.ts'

/** SFT goes on until the test stops it. */
const LONG = { sft: { max_steps: 100_000, patience: 100_000, eval_steps: 50 } }

test('a lab at rest shows what its machine does', async ({ page }) => {
  await open(page, 'live')
  const resources = page.getByRole('region', { name: 'Resources' })
  await expect(resources.getByRole('definition').filter({ hasText: 'the lab' }).first()).toContainText(/\d+%/)
  await expect(resources.getByRole('img', { name: /^Memory: between .* and / })).toBeVisible()
  await expect(resources.getByRole('radio', { name: 'Whole run' })).toBeDisabled()
  await clean(page, 'live-rest')
})

test.describe('while a run trains', () => {
  test.use({ stored: 'nothing', settings: { training: LONG } })

  test('Live shows processor, memory and tokens a second, over minutes and over the run', async ({ page }) => {
    await page.getByRole('button', { name: 'Run everything' }).click()
    await page.getByRole('link', { name: 'SFT', exact: true }).waitFor({ timeout: LATER })
    await open(page, 'live')
    const resources = page.getByRole('region', { name: 'Resources' })
    const tokens = resources.getByRole('definition').filter({ hasText: 'at most' })
    await expect(tokens).toContainText(/[1-9]/)
    await resources.getByText('Whole run').click()
    await expect(resources.getByRole('radio', { name: 'Whole run' })).toBeChecked()
    await expect(tokens).toContainText(/[1-9]/)
    // A pointer on a curve reads it there.
    await resources.getByRole('img', { name: /^Processor/ }).hover({ position: { x: 2, y: 10 } })
    await expect(resources.getByText(/ ago$/)).toBeVisible()
    await clean(page, 'live-resources')
    await expect(page).toHaveTitle(/^\d+% SFT - DPO-Driver Lab$/)
    await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Run 1 stopped').first().waitFor({ timeout: LATER })
  })
})
