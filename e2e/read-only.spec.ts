/** The address of those who only look. */
import { expect, test } from './fixtures.ts'
import { clean, open } from './window.ts'

test.use({ readOnly: true })

test('a read-only address shows and downloads everything, and changes nothing', async ({ page, lab, complaints }) => {
  await page.getByText('Read-only', { exact: true }).waitFor()
  await expect(page.getByRole('button', { name: 'Run everything' })).toBeDisabled()
  await clean(page, 'read-only')

  await open(page, 'pairs')
  const detail = page.getByRole('region', { name: 'The opened pair' })
  await detail.getByText(/^Pair 1 ·/).waitFor()
  await page.keyboard.press('d')
  await page.getByText('Nothing can be changed or started with it.').waitFor()
  await expect(page.getByText(/^0 of \d+ reviewed/)).toBeVisible()
  await clean(page, 'read-only-refused')

  const { origin } = new URL(lab.url)
  const report = await page.request.get(`${origin}/exports/1/report.html`)
  expect(report.status()).toBe(200)
  const refused = await page.request.post(`${origin}/imports/1/1/preferences`, { headers: { origin }, data: '' })
  expect(refused.status()).toBe(403)
  expect(await refused.text()).toContain('Nothing can be changed or started with it.')

  // With the whole address the same browser can do everything again.
  await page.goto(lab.url)
  await expect(page.getByRole('button', { name: 'Run everything' })).toBeEnabled()
  complaints.length = 0
})
