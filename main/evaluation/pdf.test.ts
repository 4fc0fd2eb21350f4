import { expect, test } from 'vitest'
import { sampleRun } from '../../testing/sample-run.ts'
import { chromiumHost } from '../environment/browser.ts'
import { reportPage } from './page.ts'
import { reportPdf } from './pdf.ts'
import { summarise } from './summary.ts'

const run = sampleRun()
const report = reportPage(run, summarise(run))

test('the report is printed on several pages of A4', async () => {
  const pdf = Buffer.from(await reportPdf(report)).toString('latin1')
  expect(pdf.startsWith('%PDF-')).toBe(true)
  expect((pdf.match(/\/Type \/Page\b/g) ?? []).length).toBeGreaterThan(1)
  // 210 x 297 mm in points.
  expect(pdf).toMatch(/\/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/)
})

test('on paper nothing is clipped, charts and cards stay whole, and the settings are there', async () => {
  const host = chromiumHost()
  const page = await host.open()
  await page.setContent(report)
  await page.emulateMediaType('print')
  // A4 without its margins, in CSS pixels.
  await page.setViewport({ width: 703, height: 1017 })
  const found = await page.evaluate(() => {
    const beyond = [...document.querySelectorAll('td, th, figure, .card, pre, .tile')].filter(
      (element) =>
        element.getBoundingClientRect().right > innerWidth + 1 || element.scrollWidth > element.clientWidth + 1,
    )
    const torn = [...document.querySelectorAll('figure, .card, .tile, tr')].filter(
      (element) => getComputedStyle(element).breakInside !== 'avoid',
    )
    return {
      beyond: beyond.map(({ className, textContent }) => `${className} ${textContent?.slice(0, 40)}`),
      torn: torn.length,
      settings: document.querySelector('pre')!.getBoundingClientRect().height,
    }
  })
  await host.close()
  expect(found).toMatchObject({ beyond: [], torn: 0 })
  expect(found.settings).toBeGreaterThan(0)
})
