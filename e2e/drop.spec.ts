/** What is dropped on the window: recognised by the lab, and used. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { writeCheckpoint } from '../testing/installed-models.ts'
import { expect, test } from './fixtures.ts'
import { clean, open, screenshot } from './window.ts'

test('data sets are recognised: golden samples are added, pairs are imported into a round', async ({
  page,
  lab,
  complaints,
}) => {
  await drop(
    page,
    'mine.jsonl',
    readFileSync(join(lab.folder, 'golden.jsonl'), 'utf8').replaceAll('"expert"', '"mine"'),
  )
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^\d+ golden samples$/).waitFor()
  await clean(page, 'drop-golden')
  await dialog.getByRole('button', { name: 'Add to the golden samples' }).click()
  await page.getByText(/^\d+ samples were added to .*golden\.jsonl\./).waitFor()
  expect(readFileSync(join(lab.folder, 'golden.jsonl'), 'utf8')).toContain('"mine"')

  const pairs = await page.request.get(new URL('/exports/1/preferences.jsonl', page.url()).href)
  const [first = ''] = (await pairs.text()).split('\n')
  await drop(page, 'pairs.jsonl', `${first}\n`)
  await dialog.getByText('1 preference pair').waitFor()
  await dialog.getByRole('button', { name: 'Import into this round' }).click()
  await page.getByRole('dialog', { name: 'Import pairs.jsonl' }).waitFor()
  await page.keyboard.press('Escape')

  await drop(page, 'table.jsonl', '{"text": "a", "id": 1}\n')
  await expect(dialog.getByRole('alert')).toContainText('has neither golden samples nor pairs')
  await screenshot(page, 'drop-refused')
  // The browser reports the answer to a refused upload.
  expect(complaints.splice(0)).toHaveLength(1)
})

test('a browser asks for the path of a model', async ({ page, lab }) => {
  await writeCheckpoint(join(lab.folder, 'my-model'))
  await drop(page, 'model.safetensors', 'x')
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^A browser does not tell the lab where a model or an adapter lies\./).waitFor()
  await dialog.getByLabel('Path').fill(join(lab.folder, 'nowhere'))
  await dialog.getByRole('button', { name: 'Look' }).click()
  await expect(dialog.getByRole('alert')).toContainText('There is nothing at')
  await dialog.getByLabel('Path').fill(join(lab.folder, 'my-model'))
  await dialog.getByRole('button', { name: 'Look' }).click()
  await dialog.getByText('A base model').waitFor()
  await clean(page, 'drop-model')
  await dialog.getByRole('button', { name: 'Use as the base model' }).click()
  await page
    .getByText(/my-model/)
    .first()
    .waitFor()
  await expect.poll(() => readFileSync(join(lab.folder, 'config.yaml'), 'utf8')).toContain('my-model')
})

test('the desktop app tells the path, and an adapter is used', async ({ page, lab }) => {
  const adapter = join(lab.folder, 'sft')
  await page.evaluate((path) => {
    Object.assign(window, { dpoDriverDesktop: { pathOf: () => path } })
  }, adapter)
  await open(page, 'pairs')
  await drop(page, 'adapter_config.json', '{}')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('An adapter').waitFor()
  await clean(page, 'drop-adapter')
  await dialog.getByRole('button', { name: 'Use as DPO' }).click()
  await page.getByRole('heading', { level: 1, name: 'Runs & models' }).waitFor()
  const weights = (name: string) => readFileSync(join(lab.folder, name, 'adapter_model.safetensors'))
  expect(weights('dpo').equals(weights('sft'))).toBe(true)
})

test('what is dropped while something is asked takes its place', async ({ page, lab }) => {
  await writeCheckpoint(join(lab.folder, 'first'))
  await page.evaluate((folder) => {
    Object.assign(window, {
      dpoDriverDesktop: { pathOf: ({ name }: File) => `${folder}/${name === 'config.json' ? 'first' : 'sft'}` },
    })
  }, lab.folder)
  const dialog = page.getByRole('dialog')
  await drop(page, 'config.json', '{}')
  await dialog.getByText('A base model').waitFor()
  await drop(page, 'adapter_config.json', '{}')
  await dialog.getByText('An adapter').waitFor()
  await expect(dialog.getByText(join(lab.folder, 'sft'), { exact: true })).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Use as the base model' })).toHaveCount(0)
})

test('a data set that is too large is refused in the window, which asks for no path', async ({ page }) => {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([new Uint8Array(257 << 20)], 'all.JSONL'))
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
  })
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('alert')).toContainText(/all\.JSONL has .*; the lab takes data of at most .* split it/)
  await expect(dialog.getByLabel('Path')).toHaveCount(0)
})

/** Drags a file over the window and drops it, as the system does. */
async function drop(page: Page, name: string, content: string): Promise<void> {
  for (const type of ['dragover', 'drop'] as const) {
    await page.evaluate(
      ([kind, file, text]) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([text], file))
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }))
      },
      [type, name, content] as const,
    )
    if (type === 'dragover') await page.getByText('Drop it here').waitFor()
  }
}
