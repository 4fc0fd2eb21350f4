/** Curves by step, time or tokens, saved as pictures and tables. */
import { copyFileSync, readFileSync } from 'node:fs'
import type { Locator, Page } from '@playwright/test'
import { projectPath } from '../main/files/paths.ts'
import { expect, test } from './fixtures.ts'
import { clean, screenshot } from './window.ts'

test('training curves are drawn by tokens and time, and saved as they are shown', async ({ page }) => {
  await go(page, 'training?stage=dpo')
  const chart = page.getByRole('region', { name: 'Log-probabilities' })
  expect((await table(page, chart)).slice(0, 2)).toEqual([
    'step,chosen (nats),"chosen, smoothed (nats)",rejected (nats),"rejected, smoothed (nats)"',
    '1,-6,-6,-6,-6',
  ])
  await page.getByRole('radiogroup', { name: 'Draw the curves by' }).getByText('Time', { exact: true }).click()
  await page.waitForURL(/along=time/)
  await page.getByText('Time is that of the optimiser steps alone.').waitFor()
  const byTime = await table(page, chart)
  expect(byTime.map((line) => line.split(',')[0])).toEqual([
    'training time (s)',
    ...Array.from({ length: 12 }, (_, at) => String((at + 1) / 4)),
  ])
  await go(page, 'training?stage=dpo&along=tokens&tokens=800-2400')
  await page.getByRole('button', { name: '800 tokens to 2,400 tokens: show all' }).waitFor()
  await expect
    .poll(async () => (await table(page, chart)).map((line) => line.split(',')[0]))
    .toEqual([...['tokens', '800', '1200', '1600', '2000', '2400']])
  await clean(page, 'curves-by-tokens')
  await picture(page, chart, 'curve-by-tokens')
})

test.describe('of several runs', () => {
  test.use({ stored: 'studies' })

  test('overlaid runs and bands of a study are saved, a column a line', async ({ page }) => {
    await go(page, 'runs?marked=2.3.8&metric=dpo+rewards/margins&along=time')
    const overlay = page.getByRole('region', { name: 'Curves of training', exact: true })
    const rows = await table(page, overlay)
    expect(rows[0]).toMatch(/^training time \(s\),2 · [^,]+,"2 · [^"]+, smoothed",3/)
    expect(rows.length).toBeGreaterThan(41)
    await picture(page, overlay, 'curve-of-runs')
    await go(page, 'studies?study=1&along=tokens')
    const band = page.getByRole('figure', { name: /^Reward margin/ })
    const [head, ...bands] = await table(page, band)
    expect(head).toBe(
      'tokens,DPO (as run 1),"DPO (as run 1), lowest","DPO (as run 1), highest",DPO (beta 0.3),"DPO (beta 0.3), lowest","DPO (beta 0.3), highest"',
    )
    expect([bands.length, bands[0]?.split(',')[0]]).toEqual([40, '400'])
    await picture(page, band, 'curve-of-study')
    await screenshot(page, 'study-by-tokens')
  })
})

/** The lines of the table that a chart is saved as. */
async function table(page: Page, chart: Locator): Promise<string[]> {
  const text = readFileSync(await saved(page, chart, 'Table (CSV)', /\.csv$/), 'utf8')
  return text.replace('\uFEFF', '').trimEnd().split('\r\n')
}

/** Saves a chart as a picture, which must be three times as large as it stands, and have more than one colour. */
async function picture(page: Page, chart: Locator, name: string): Promise<void> {
  const file = await saved(page, chart, 'Picture (PNG)', /\.png$/)
  const content = readFileSync(file)
  const { width } = (await chart.locator('svg.recharts-surface').boundingBox())!
  expect(content.readUInt32BE(16)).toBe(Math.floor(3 * (width + 32)))
  const colours = await page.evaluate(async (base64) => {
    const image = new Image()
    image.src = `data:image/png;base64,${base64}`
    await image.decode()
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [image.width, image.height]
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size
  }, content.toString('base64'))
  expect(colours).toBeGreaterThan(20)
  copyFileSync(file, projectPath(`coverage/window/${name}.png`))
}

async function saved(page: Page, chart: Locator, what: string, name: RegExp): Promise<string> {
  await chart.locator('svg.recharts-surface').waitFor()
  await chart.getByRole('button', { name: /^Save the chart / }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: what }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(name)
  return file.path()
}

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to
  }, `#/${hash}`)
}
