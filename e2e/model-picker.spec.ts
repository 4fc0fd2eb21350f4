/** Choosing the base model among those on the machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, LATER, test } from './fixtures.ts'
import { clean, focused, open, screenshot } from './window.ts'

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

test.describe('a model that is not there', () => {
  test.use({ settings: { model: { base_model_name: 'models/none' } } })

  test('a failed run says why, and offers the models that are there', async ({ page }) => {
    test.setTimeout(LATER)
    await page.getByRole('button', { name: 'One stage' }).click()
    await page.getByRole('menuitem', { name: /^Verify/ }).click()
    const alert = page.getByRole('alert').filter({ hasText: 'Run 1 failed' })
    await alert.getByText(/The model models\/none is neither/).waitFor({ timeout: 60_000 })
    await clean(page, 'run-failed')
    await page.getByRole('button', { name: 'Choose a model' }).click()
    await page.getByRole('dialog', { name: 'Models on this machine' }).waitFor()
    await page.keyboard.press('Escape')
    await open(page, 'runs')
    await page
      .getByRole('row')
      .getByText(/The model models\/none is neither/)
      .waitFor()
    await clean(page, 'runs-failed')
  })
})
