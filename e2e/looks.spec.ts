/** The look of every view: in each language, in light and dark, on wide and narrow screens. */
import { expect, test } from './fixtures.ts'
import { clean, overflow, VIEWS } from './window.ts'

const PLACES = [...Object.keys(VIEWS), 'runs?side=models', 'live?mode=play', 'live?mode=record']

test('every view fits, and axe finds no fault', { tag: '@looks' }, async ({ page }) => {
  for (const place of PLACES) {
    await page.evaluate((hash) => {
      window.location.hash = hash
    }, `#/${place}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForLoadState('networkidle')
    await clean(page, `look-${place.replace(/\W.*=/, '-')}`)
    expect(await overflow(page), `${place} is wider than the window`).toBeLessThanOrEqual(0)
  }
})
