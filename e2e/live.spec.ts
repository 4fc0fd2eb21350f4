/** What the live view shows beside the pages. */
import { expect, LATER, test } from './fixtures.ts'
import { clean, cutIn, open, screenshot } from './window.ts'

/** SFT goes on until the test stops it. */
const LONG = { sft: { max_steps: 100_000, patience: 100_000, eval_steps: 50 } }

test('a lab at rest shows what its machine does', async ({ page }) => {
  await open(page, 'live')
  const resources = page.getByRole('region', { name: 'Resources' })
  await expect(resources.getByRole('definition').filter({ hasText: 'the lab' }).first()).toContainText(/\d+%/)
  await expect(resources.getByRole('img', { name: /^Memory: between .* and / })).toBeVisible()
  await expect(resources.getByRole('radio', { name: 'Whole run' })).toBeDisabled()
  await clean(page, 'live-rest')
})

test.describe('while a run trains', () => {
  test.use({ stored: 'nothing', settings: { training: LONG } })

  test('Live shows processor, memory and tokens a second, over minutes and over the run', async ({ page }) => {
    await page.getByRole('button', { name: 'Run everything' }).click()
    await page.getByRole('link', { name: 'SFT', exact: true }).waitFor({ timeout: LATER })
    await open(page, 'live')
    const resources = page.getByRole('region', { name: 'Resources' })
    const tokens = resources.getByRole('definition').filter({ hasText: 'at most' })
    await expect(tokens).toContainText(/[1-9]/)
    await resources.getByText('Whole run').click()
    await expect(resources.getByRole('radio', { name: 'Whole run' })).toBeChecked()
    await expect(tokens).toContainText(/[1-9]/)
    // A pointer on a curve reads it there.
    await resources.getByRole('img', { name: /^Processor/ }).hover({ position: { x: 2, y: 10 } })
    await expect(resources.getByText(/ ago$/)).toBeVisible()
    await clean(page, 'live-resources')
    await expect(page).toHaveTitle(/^\d+% SFT - DPO-Driver Lab$/)
    await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Run 1 stopped').first().waitFor({ timeout: LATER })
  })
})

test.describe('while a run plays', () => {
  const PAGES = 4
  /** It plays soon, and goes on until the test stops it. */
  const SHORT = { sft: { max_steps: 2, eval_steps: 1 } }
  const LONG = { seeds_per_task: 1000 }
  test.use({ stored: 'nothing', settings: { environment: { pages: PAGES }, training: SHORT, collect: LONG } })

  test('every page is seen at once, sharp, as large as the window allows, with its problem in words', async ({
    page,
  }) => {
    await page.getByRole('button', { name: 'Run everything' }).click()
    test.setTimeout(LATER)
    await page.getByRole('link', { name: 'Collect, round 1' }).waitFor({ timeout: LATER })
    await open(page, 'live')
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    const cards = page.getByRole('article')
    await expect(cards.getByText('waiting').first()).toBeVisible()
    await expect(cards.first().getByText(/seed \d+, attempt \d+$/)).toBeVisible()
    const pictures = cards.getByRole('img')
    await expect(pictures).toHaveCount(PAGES)
    /** Of each picture: its pixels to a pixel of the window, and the lowest edge of its card. */
    const seen = () =>
      pictures.evaluateAll((images) =>
        images.map((image) => {
          const { naturalWidth, clientWidth } = image as HTMLImageElement
          return { sharp: naturalWidth / clientWidth, low: image.closest('article')!.getBoundingClientRect().bottom }
        }),
      )
    const widths: number[] = []
    await expect(page.getByText('The run does not wait.')).toHaveCount(0)
    for (const viewport of [
      { width: 1024, height: 768 },
      { width: 1440, height: 900 },
      { width: 2560, height: 1440 },
    ]) {
      await page.setViewportSize(viewport)
      await expect
        .poll(async () => (await seen()).filter(({ sharp, low }) => sharp >= 0.5 && low <= viewport.height).length)
        .toBe(PAGES)
      expect(await cutIn(page.getByRole('region', { name: 'The lab now' })), `at ${viewport.width}`).toEqual([])
      widths.push((await pictures.first().boundingBox())!.width)
      await screenshot(page, `live-wall-${viewport.width}`)
    }
    expect(widths.toSorted((one, other) => one - other)).toEqual(widths)
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('switch', { name: 'Whole page' }).click()
    await page.getByRole('button', { name: 'Go on', exact: true }).click()
    await page.getByText(`each page shows a problem for at least ${PAGES} seconds.`).waitFor()
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await expect(cards.getByText('waiting').first()).toBeVisible()
    const shape = () =>
      pictures.first().evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])
    await expect.poll(shape).toEqual([500, 320])
    await screenshot(page, 'live-wall-page')
    await page.getByRole('switch', { name: 'Whole page' }).click()
    await cards
      .first()
      .getByRole('button', { name: /^Follow/ })
      .click()
    await expect.poll(shape).toEqual([480, 630])
    await screenshot(page, 'live-follow')
    await page.getByRole('button', { name: 'Go on', exact: true }).click()
    await open(page, 'episodes')
    // The list stands still until the reader wants to see more.
    const counted = page.getByText(/^[\d,]+ episodes$/)
    const before = await counted.textContent()
    const more = page.getByRole('button', { name: 'Show new attempts' })
    await more.waitFor()
    await expect(counted).toHaveText(before!)
    await more.click()
    await expect(counted).not.toHaveText(before!)
    await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Run 1 stopped').first().waitFor({ timeout: LATER })
  })
})
