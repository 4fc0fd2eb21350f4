import { expect, test } from 'vitest'
import { sampleRun } from '../../testing/sample-run.ts'
import { reportPage } from './page.ts'
import { reportPdf } from './pdf.ts'
import { summarise } from './summary.ts'

test('the report is printed on several pages of A4', async () => {
  const run = sampleRun()
  const pdf = Buffer.from(await reportPdf(reportPage(run, summarise(run)))).toString('latin1')
  expect(pdf.startsWith('%PDF-')).toBe(true)
  expect((pdf.match(/\/Type \/Page\b/g) ?? []).length).toBeGreaterThan(1)
  // 210 x 297 mm in points.
  expect(pdf).toMatch(/\/MediaBox \[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/)
})
