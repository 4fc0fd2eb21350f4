/** The look of every view: in each language, in light and dark, on wide and narrow screens. */
import { words as english, type Words } from '../renderer/i18n/en.ts'
import { words as chinese } from '../renderer/i18n/zh.ts'
import { expect, LATER, test } from './fixtures.ts'
import { clean, overflow, VIEWS, type View } from './window.ts'

interface Place {
  readonly hash: string
  readonly view: View
  /** The label of the choice in the view that the address makes. */
  readonly chosen?: (words: Words) => string
}

const PLACES: readonly Place[] = [
  ...(Object.keys(VIEWS) as View[]).map((view) => ({ hash: view, view })),
  { hash: 'runs?side=models', view: 'runs', chosen: ({ runs }) => runs.sides.models },
  { hash: 'live?mode=play', view: 'live', chosen: ({ live }) => live.modes.play },
  { hash: 'live?mode=record', view: 'live', chosen: ({ live }) => live.modes.record },
]

test('every view fits, and axe finds no fault', { tag: '@looks' }, async ({ page, locale }) => {
  test.setTimeout(LATER)
  const words = locale === 'zh-CN' ? chinese : english
  for (const { hash, view, chosen } of PLACES) {
    await page.evaluate((to) => {
      window.location.hash = to
    }, `#/${hash}`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.views[view])
    if (chosen !== undefined) await expect(page.getByRole('radio', { name: chosen(words), exact: true })).toBeChecked()
    await page.waitForLoadState('networkidle')
    await clean(page, `look-${hash.replace(/\W.*=/, '-')}`)
    await expect.poll(() => overflow(page), { message: `${hash} is wider than the window` }).toBeLessThanOrEqual(0)
  }
})
