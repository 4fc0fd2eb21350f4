/** Studies: the queue, a study's page, and new studies from a run. */
import { words as english } from '../renderer/i18n/en.ts'
import { words as chinese } from '../renderer/i18n/zh.ts'
import { expect, test } from './fixtures.ts'
import { clean, open, overflow, screenshot } from './window.ts'

test.describe('with studies', () => {
  test.use({ stored: 'studies' })

  test('studies fit, and axe finds no fault', { tag: '@looks' }, async ({ page, locale }) => {
    const words = locale === 'zh-CN' ? chinese : english
    const go = (hash: string) =>
      page.evaluate((to) => {
        window.location.hash = to
      }, hash)
    await go('#/studies')
    await page.getByRole('region', { name: words.studies.queue }).getByRole('table').waitFor()
    await clean(page, 'studies-queue')
    await expect.poll(() => overflow(page)).toBeLessThanOrEqual(0)
    for (const study of [1, 2]) {
      await go(`#/studies?study=${study}`)
      await page.getByRole('region', { name: words.studies.curves }).getByRole('slider').first().waitFor()
      await screenshot(page, `studies-${study}-0`)
      await page.getByText(words.studies.seedsByTask).click()
      await clean(page, `studies-${study}`)
      await expect.poll(() => overflow(page)).toBeLessThanOrEqual(0)
      for (const [at, region] of [words.studies.success, words.studies.tasks, words.studies.curves].entries()) {
        await page.getByRole('region', { name: region, exact: true }).scrollIntoViewIfNeeded()
        await screenshot(page, `studies-${study}-${at + 1}`)
      }
    }
    await go('#/results?run=1')
    await page.getByRole('button', { name: words.studies.make.vary }).click()
    await page.getByRole('region', { name: words.studies.make.takes }).waitFor()
    await clean(page, 'studies-make')
    await expect.poll(() => overflow(page)).toBeLessThanOrEqual(0)
  })

  test('a study is read, paused, ordered and exported', async ({ page, context }) => {
    // Its PDF starts a browser of its own.
    test.slow()
    await open(page, 'studies')
    const queue = page.getByRole('region', { name: 'The queue' })
    await queue.getByRole('link', { name: '1 · beta' }).click()
    const trainings = page.getByRole('region', { name: 'Trainings' })
    await expect(trainings.getByRole('row')).toHaveCount(11)
    await expect(trainings.getByText('cancelled')).toHaveCount(1)
    await trainings.getByRole('button', { name: 'Put back training 9' }).click()
    await expect(trainings.getByText('cancelled')).toHaveCount(0)
    await trainings.getByRole('button', { name: 'Move training 10 up' }).click()
    await expect(trainings.getByRole('rowheader')).toHaveText(['8', '10', '9', '1', '2', '3', '4', '5', '6', '7'])
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Put back into the queue' }).waitFor()
    await expect(page.getByRole('region', { name: 'Differences' }).getByRole('row')).toHaveCount(10)
    const table = page.getByRole('region', { name: 'Task by task' }).getByRole('table')
    const tasks = table.getByRole('rowgroup').nth(1).getByRole('rowheader')
    const names = await tasks.allTextContents()
    const head = table.getByRole('columnheader', { name: 'Task' })
    for (const [sort, sorted] of [
      ['ascending', names.toSorted()],
      ['descending', names.toSorted().reverse()],
    ] as const) {
      await head.getByRole('button').click()
      await expect(head).toHaveAttribute('aria-sort', sort)
      await expect(tasks).toHaveText(sorted)
    }
    const arm = table.getByRole('columnheader').nth(1)
    await arm.getByRole('button').click()
    await expect(page).toHaveURL(/sort=/)
    await page.reload()
    await expect(arm).toHaveAttribute('aria-sort', 'ascending')
    const report = await context.newPage()
    await report.goto(new URL('/studies/1/study.html?inline', page.url()).href)
    await report.getByRole('heading', { name: 'Differences' }).waitFor()
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menu').getByText('简体中文').click()
    const chinese = await page.getByRole('menuitem', { name: 'study.html' }).getAttribute('href')
    await report.goto(new URL(`${chinese}&inline`, page.url()).href)
    await report.getByRole('heading', { name: '差异' }).waitFor()
    await page.keyboard.press('Escape')
    await report.close()
    for (const [file, start] of [
      ['study.json', '{'],
      ['study.csv', 'variant,policy,training_seed'],
      ['study.md', '# Study beta'],
      ['study.pdf', '%PDF'],
    ] as const) {
      const answer = await context.request.get(new URL(`/studies/1/${file}`, page.url()).href)
      expect((await answer.text()).startsWith(start), file).toBe(true)
    }
    await page.getByRole('link', { name: 'All studies' }).click()
    await queue.getByRole('button', { name: 'Move repeated up' }).click()
    await expect(queue.getByRole('rowheader')).toHaveText(['2 · repeated', '1 · beta'])
  })
})

test('a study is made from a run, and told before', async ({ page }) => {
  await open(page, 'results')
  await page.getByRole('button', { name: 'Vary beta' }).click()
  const dialog = page.getByRole('dialog', { name: 'A study from run 1' })
  await expect(dialog.getByText(/^\d+: 5 seeds × \d variants?$/)).toBeVisible()
  await dialog.getByLabel('Values').fill('0.2, no')
  await expect(dialog.getByRole('alert')).toContainText('training.dpo.beta')
  await dialog.getByLabel('Values').fill('0.2')
  await expect(dialog.getByText('10: 5 seeds × 2 variants')).toBeVisible()
  await dialog.getByRole('button', { name: 'Put into the queue', exact: true }).click()
  await page.getByRole('region', { name: 'Trainings' }).getByText('waiting').first().waitFor()
  await expect(page.getByRole('region', { name: 'Trainings' }).getByRole('row')).toHaveCount(11)
})
