/** How the window tells the end of a run to a reader who is elsewhere. */
import { expect, LATER, test } from './fixtures.ts'
import { clean } from './window.ts'

type Told = typeof globalThis & { notifications: { title: string; body: string; click: () => void }[] }

test('a notification and the tab’s title tell the end of a run, until the reader is back', async ({ page }) => {
  // A headless browser has no notifications, and its page always has the focus.
  await page.addInitScript(() => {
    const all: Told['notifications'] = []
    class Notification {
      static permission = 'default'
      onclick = () => {}
      static async requestPermission() {
        Notification.permission = 'granted'
        return 'granted'
      }
      constructor(title: string, { body }: { body: string }) {
        all.push({ title, body, click: () => this.onclick() })
      }
    }
    Object.assign(globalThis, { Notification, notifications: all })
    document.hasFocus = () => false
  })
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  const bell = page.getByRole('button', { name: 'Notification when a run ends' })
  await expect(bell).toHaveAttribute('aria-pressed', 'false')
  await bell.click()
  await page.getByText('While you are elsewhere, a notification tells you when a run ends.').waitFor()
  await expect(bell).toHaveAttribute('aria-pressed', 'true')
  await clean(page, 'bell')

  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill('run verify')
  await page.keyboard.press('Enter')
  await page.evaluate(() => window.location.assign('#/live'))
  await expect(page).toHaveTitle('Done: run 2 - DPO-Driver Lab', { timeout: LATER })
  const told = await page.evaluate(() => (globalThis as Told).notifications.map(({ title, body }) => ({ title, body })))
  expect(told).toEqual([{ title: 'Done: run 2', body: 'Verify' }])
  await page.evaluate(() => (globalThis as Told).notifications[0]!.click())
  await page.getByRole('heading', { level: 1, name: 'Pipeline' }).waitFor()
  await page.keyboard.press('Shift')
  await expect(page).toHaveTitle('Pipeline - DPO-Driver Lab')
})
