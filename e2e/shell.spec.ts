/** The parts around the views: the command palette, the sheet of keys, languages and colours. */
import type { WebSocketRoute } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { clean, open, VIEWS } from './window.ts'

test('the command palette opens from anywhere', async ({ page }) => {
  // Wherever the focus is: first on a tab, then in a field.
  await open(page, 'live')
  await page.getByText('Watch', { exact: true }).click()
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.waitFor()
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'hidden' })
  await open(page, 'pipeline')
  await page.getByLabel('Search the log').focus()
  await page.keyboard.press('Control+k')
  await palette.waitFor()
  await clean(page, 'every-command')
  await page.keyboard.type('go results')
  await expect(palette.getByRole('combobox')).toHaveValue('go results')
  await clean(page, 'palette')
  await page.keyboard.press('Enter')
  await palette.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'Results', level: 1 }).waitFor()
})

test('the command to train again names the round in view', async ({ page }) => {
  await open(page, 'pairs')
  await page.getByRole('region', { name: 'The opened pair' }).waitFor()
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.getByRole('option', { name: 'Train again on run 1, round 1' }).waitFor()
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'hidden' })
})

test('keys go to views, and a sheet lists them', async ({ page }) => {
  await page.keyboard.press('Shift+?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.waitFor()
  await clean(page, 'help')
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'hidden' })
  for (const [place, [view, title]] of Object.entries(VIEWS).entries()) {
    await page.keyboard.press(String(place + 1))
    await page.waitForURL(new RegExp(`#/${view}`))
    await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  }
})

test('language and colours are chosen in the header', async ({ page }) => {
  await page.getByRole('button', { name: 'Language' }).click()
  await page.getByRole('menuitem', { name: '简体中文' }).click()
  await page.keyboard.press('7')
  await page.getByRole('heading', { name: '运行与模型' }).waitFor()
  await page.getByRole('button', { name: '配色' }).click()
  await page.getByRole('menuitem', { name: '深色' }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  await clean(page, 'zh-dark-palette')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
})

test('when the lab does not answer, nothing can be started, and nothing unknown is counted', async ({ page }) => {
  let gone = false
  const sockets: WebSocketRoute[] = []
  await page.routeWebSocket(/\/trpc/, (socket) => {
    if (gone) return void socket.close()
    socket.connectToServer()
    sockets.push(socket)
  })
  await page.reload()
  await open(page, 'pipeline')
  const everything = page.getByRole('button', { name: 'Run everything' })
  await expect(everything).toBeEnabled()
  gone = true
  for (const socket of sockets) await socket.close()
  await expect(page.getByText('The lab does not answer.')).toBeVisible()
  await expect(everything).toBeDisabled()
  await expect(page).toHaveTitle('No answer - DPO-Driver Lab')
  await open(page, 'episodes')
  await expect(page.getByText('0 episodes')).toHaveCount(0)
})

test('a view that a lab could not send appears when it answers again', async ({ page, complaints }) => {
  let withheld = true
  const sockets: WebSocketRoute[] = []
  await page.routeWebSocket(/\/trpc/, (socket) => {
    socket.connectToServer()
    sockets.push(socket)
  })
  await page.route(/\/assets\/training-/, (route) => (withheld ? route.abort() : route.continue()))
  await page.reload()
  await open(page, 'training')
  const told = page.getByText('The lab did not send this view.')
  await told.waitFor()
  await expect(page.getByText('put the text below into a bug report')).toHaveCount(0)
  withheld = false
  for (const socket of sockets) await socket.close()
  await told.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'Loss' }).first().waitFor()
  // The browser reports the request that failed itself.
  expect(complaints.splice(0)).toEqual([expect.stringContaining('net::ERR_FAILED')])
})
