/** Nothing that a page, a model, a pair or a note says is ever markup in the window, in the report or in Markdown. */
import { expect, test } from './fixtures.ts'
import { VIEWS } from './window.ts'

/** Texts that would put an element marked `hostile` on a page which took them for markup. */
const WORDS = [
  '<img hostile src=x onerror="window.hostile=1">',
  '"><svg hostile onload="window.hostile=1">',
  "'><script hostile>window.hostile=1</script>",
  '</title></textarea></style><b hostile>',
  '&lt;b hostile&gt;',
  '[hostile](javascript:window.hostile=1)',
  '{{constructor.constructor("window.hostile=1")()}} $t(app.name)',
  '$' + '{window.hostile=1}',
]

test.use({ words: WORDS })

test('texts of pages and models stay texts', async ({ page, context }) => {
  const harmless = async (where: string) => {
    expect(await page.locator('[hostile]').count(), where).toBe(0)
    expect(await page.locator('a[href^="javascript:"]').count(), where).toBe(0)
    expect(await page.evaluate(() => 'hostile' in window), where).toBe(false)
  }
  const opened = [
    ...Object.keys(VIEWS),
    'episodes?stage=collect',
    'results?problems=all',
    'runs?side=models',
    'live?mode=play',
    'live?mode=record',
  ]
  for (const hash of opened) {
    await page.evaluate((to) => {
      window.location.hash = to
    }, `#/${hash}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForLoadState('networkidle')
    await harmless(hash)
  }

  // The text is there, as it was written.
  await page.evaluate(() => {
    window.location.hash = '#/pairs'
  })
  await page.getByText(WORDS[0]!).first().waitFor()
  const note = page.getByLabel('Note', { exact: true })
  await note.fill(WORDS[0]!)
  await note.blur()
  await harmless('a note')
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForLoadState('networkidle')
  await expect(note).toHaveValue(WORDS[0]!)
  await harmless('a note, read again')

  const report = await context.newPage()
  await report.goto(new URL('/exports/1/report.html?inline', page.url()).href)
  expect(await report.locator('[hostile]').count()).toBe(0)
})
