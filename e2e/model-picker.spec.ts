/** Choosing the base model among those on the machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, LATER, test } from './fixtures.ts'
import { clean, focused, screenshot } from './window.ts'

test.use({ stored: 'nothing', installed: true })

test('a model of the machine is chosen, and the choice undone', async ({ page, lab }) => {
  test.setTimeout(LATER)
  await page.getByRole('button', { name: 'models/base' }).click()
  const dialog = page.getByRole('dialog', { name: 'Models on this machine' })
  const base = dialog.getByRole('listitem').filter({ hasText: 'models/base' })
  await expect(base).toHaveAttribute('aria-current', 'true')
  await clean(page, 'models-on-machine')
  await dialog.getByText(/other models cannot be used/).click()
  await dialog.getByText('whisper is a family that the lab does not run').waitFor()
  await clean(page, 'models-others')

  await dialog.getByRole('button', { name: 'How long? (a run with models/base)' }).click()
  await base.getByText(/^about /).waitFor({ timeout: LATER })
  await dialog.getByRole('button', { name: 'Use Qwen/Tiny-Instruct' }).click()
  await page.getByText(/^Qwen\/Tiny-Instruct is the base model of the next run/).waitFor()
  const written = () => readFileSync(join(lab.folder, 'config.yaml'), 'utf8')
  expect(written()).toMatch(/base_model_name"?: "?Qwen\/Tiny-Instruct/)
  await expect(dialog.getByRole('listitem').filter({ hasText: 'Qwen/Tiny-Instruct' })).toHaveAttribute('aria-current')
  await screenshot(page, 'models-chosen')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(base).toHaveAttribute('aria-current', 'true')
  expect(written()).toMatch(/base_model_name"?: "?models\/base/)
  await page.keyboard.press('Escape')
  await expect.poll(() => focused(page)).toMatch(/models\/base/)
})

test('the dialog fits every window', { tag: '@looks' }, async ({ page }) => {
  await page.getByRole('button', { name: 'models/base' }).click()
  await page.getByRole('dialog').getByText('Qwen/Tiny-Instruct').waitFor()
  await page.getByRole('dialog').locator('summary').click()
  await clean(page, 'look-models')
})
