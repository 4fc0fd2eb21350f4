/** The workbench of runs: found, sorted, named, tagged, deleted in bulk, and set side by side. */
import type { Page } from '@playwright/test'
import { z } from 'zod'
import { expect, test } from './fixtures.ts'
import { clean, open, overflow } from './window.ts'

test.use({ stored: 'studies' })

test('runs are found, sorted, named and tagged, and the address holds it', async ({ page }) => {
  await open(page, 'runs')
  const table = page.getByRole('grid', { name: 'Runs' })
  const names = table.getByRole('link', { name: /^\d+ · / })
  await expect(names.first()).toHaveText(/^19 · /)
  await table.getByRole('button', { name: 'DPO', exact: true }).click()
  await expect(page).toHaveURL(/sort=rate\.dpo/)
  const rates = () => table.locator('a[href^="#/results"] b').allTextContents()
  await expect(async () => {
    const dpo = (await rates()).filter((_, at) => at % 2 === 1).map(Number)
    expect(dpo).toEqual([...dpo].sort((a, b) => a - b))
  }).toPass()
  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('dialog').getByRole('combobox').fill('dpo.beta')
  await page.getByRole('option', { name: 'training.dpo.beta' }).click()
  await page.keyboard.press('Escape')
  await table.getByRole('button', { name: 'dpo.beta' }).click()
  await table.getByRole('button', { name: 'dpo.beta' }).click()
  await expect(table.getByRole('row').nth(1)).toContainText('0.3')

  await page.getByLabel('Mark run 3', { exact: true }).check()
  await page.getByLabel('Title').fill('My best run')
  await page.getByLabel('Title').press('Enter')
  await table.getByRole('link', { name: '3 · My best run' }).waitFor()
  await page.getByLabel('Mark run 4', { exact: true }).check()
  await page.getByRole('button', { name: 'Tag', exact: true }).click()
  await page.getByRole('dialog').getByRole('combobox').fill('paper')
  await page.getByRole('button', { name: 'Add the tag' }).click()
  await page.getByRole('region', { name: 'History' }).getByLabel('Tag', { exact: true }).selectOption('paper')
  await expect(page.getByText('2 of 19 runs')).toBeVisible()
  await page.reload()
  await expect(names).toHaveCount(2)
  await page.getByLabel('Search runs').fill('best')
  await expect(names).toHaveText(['3 · My best run'])
})

test('marked runs stand side by side, and are deleted and brought back together', async ({ page }) => {
  await page.setViewportSize({ width: 1024, height: 768 })
  await page.evaluate(() => {
    window.location.hash = '#/runs?marked=2.3.8'
  })
  const compared = page.getByRole('region', { name: '3 runs side by side' })
  await expect(compared.getByRole('region', { name: 'On the same problems' }).getByRole('row')).toHaveCount(4)
  const settings = compared.getByRole('region', { name: 'Settings that differ' })
  await expect(settings.getByRole('row').filter({ hasText: 'training.dpo.beta' })).toContainText('0.3')
  await compared.getByLabel('Metric').selectOption('dpo rewards/margins')
  // The lines and, faintly, what they smooth.
  await expect(compared.locator('.recharts-line')).toHaveCount(6)
  await expect.poll(() => overflow(page)).toBeLessThanOrEqual(0)
  await clean(page, 'runs-compared')
  // Shift marks all between.
  await page.getByLabel('Mark run 19').click()
  await page.getByLabel('Mark run 16').click({ modifiers: ['Shift'] })
  await expect(page.getByText('7 marked')).toBeVisible()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('12 of 12 runs')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByText('19 of 19 runs')).toBeVisible()
})

test('while the settings of other runs are on their way, those before are not shown as theirs', async ({ page }) => {
  const release = await holdSecondAnswer(page, 'runs.compare')
  const mark = (runs: string) =>
    page.evaluate((hash) => {
      window.location.hash = hash
    }, `#/runs?marked=${runs}`)
  const settings = page.getByRole('region', { name: 'Settings that differ' })
  await mark('2.3')
  await expect(settings).toContainText('training.dpo.beta')
  await mark('2.8')
  const results = page.getByRole('region', { name: 'On the same problems' })
  await expect(results.getByRole('link', { name: /^8 · / })).toBeVisible()
  await expect(settings).toHaveCount(0)
  release()
  await expect(settings.getByRole('link', { name: /^8 · / })).toBeVisible()
  await expect(settings).not.toContainText('training.dpo.beta')
})

/** Reloads the page and holds the lab's second answer to a question of this name until what it returns is called. */
async function holdSecondAnswer(page: Page, name: string): Promise<() => void> {
  const held = Promise.withResolvers<void>()
  const asked: number[] = []
  await page.routeWebSocket(/\/trpc/, (socket) => {
    const server = socket.connectToServer()
    socket.onMessage((text) => {
      for (const { id, path } of messagesOf(text)) if (path === name) asked.push(id)
      server.send(text)
    })
    server.onMessage(async (text) => {
      if (asked.length > 1 && messagesOf(text).some(({ id }) => id === asked[1])) await held.promise
      socket.send(text)
    })
  })
  await page.reload()
  return held.resolve
}

const messages = z.array(
  z.object({ id: z.number(), params: z.object({ path: z.string() }).optional() }).transform(({ id, params }) => {
    return { id, path: params?.path }
  }),
)

/** The numbered messages of tRPC in a frame. "PING" and "PONG" are frames of their own. */
function messagesOf(text: string | Buffer): z.infer<typeof messages> {
  if (!/^[[{]/.test(String(text))) return []
  return messages.safeParse([JSON.parse(String(text))].flat()).data ?? []
}
