/** The results of a run: tables, curves, episodes. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from './fixtures.ts'
import { clean, open, screenshot } from './window.ts'

test('results are read, opened and exported', async ({ page, context }) => {
  await open(page, 'results')
  await page.getByRole('heading', { name: 'Success of every policy' }).waitFor()
  await page
    .getByRole('region', { name: 'DPO against SFT', exact: true })
    .getByRole('button', { name: /solved by both/ })
    .click()
  await expect(page.getByRole('heading', { name: 'Problems: DPO and SFT' })).toBeFocused()
  await page.getByRole('region', { name: 'Problems: DPO and SFT' }).getByText('Page as text').first().waitFor()
  await clean(page, 'results')

  const report = await context.newPage()
  await report.goto(new URL('/exports/1/report.html?inline', page.url()).href)
  await report.getByRole('heading', { name: 'Success of every policy' }).waitFor()
  await report.close()
  for (const [file, start] of [
    ['summary.json', '{'],
    ['metrics.csv', 'stage,'],
  ] as const) {
    const answer = await context.request.get(new URL(`/exports/1/${file}`, page.url()).href)
    expect(answer.status()).toBe(200)
    expect((await answer.text()).startsWith(start)).toBe(true)
  }
})

test('tasks and problems are sorted by every column, and the address holds the order and the problem', async ({
  page,
}) => {
  await open(page, 'results')
  const tasks = page.getByRole('region', { name: 'Task by task' })
  const names = tasks.locator('tbody').first().getByRole('rowheader')
  const rates = tasks.locator('tbody').first().locator('tr td:nth-of-type(2) b')
  await tasks.getByRole('button', { name: 'DPO', exact: true }).click()
  await tasks.getByRole('button', { name: 'DPO', exact: true }).click()
  await page.waitForURL(/sort=-dpo/)
  const dpo = tasks.getByRole('columnheader', { name: 'DPO', exact: true })
  await expect(dpo).toHaveAttribute('aria-sort', 'descending')
  const shown = (await rates.allTextContents()).map(Number)
  expect(shown).toEqual(shown.toSorted((a, b) => b - a))
  for (const column of await tasks.getByRole('columnheader').all()) {
    await column.getByRole('button').click()
    await expect(column).toHaveAttribute('aria-sort', 'ascending')
  }
  await tasks.getByRole('button', { name: 'Task', exact: true }).click()
  await tasks.getByRole('button', { name: 'Task', exact: true }).click()
  await expect(names).toHaveText(['enter-password', 'click-checkboxes', 'click-button'])
  // The change has its interval.
  await expect(tasks.getByText(/^[+−]?\d.* to \+\d/).first()).toBeVisible()

  await names.first().getByRole('button').click()
  const problems = page.getByRole('region', { name: 'Problems: DPO and SFT' })
  await problems.getByRole('button', { name: 'Seed' }).click()
  await problems.getByRole('button', { name: 'Seed' }).click()
  const rows = problems.getByRole('row')
  await expect(rows.nth(1)).toContainText('10005')
  await rows.nth(3).click()
  await page.waitForURL(/problem=\d+/)
  const chosen = problems.getByRole('row', { selected: true })
  await expect(chosen).toContainText('10003')
  await page.reload()
  await expect(chosen).toContainText('10003')
  await expect(problems.getByRole('columnheader', { name: 'Seed' })).toHaveAttribute('aria-sort', 'descending')
  await screenshot(page, 'results-sorted')
  await problems.getByRole('button', { name: 'Close' }).click()
  await page.waitForURL(/results\?sort=-task$/)
  await tasks.scrollIntoViewIfNeeded()
  await screenshot(page, 'results-tasks')
})

test('problems are sorted by the success of a policy', async ({ page }) => {
  await open(page, 'results')
  const matrix = page.getByRole('region', { name: 'Problem by problem' })
  const column = matrix.getByRole('columnheader', { name: 'SFT', exact: true })
  await column.waitFor()
  const at = (await matrix.getByRole('columnheader').allTextContents()).indexOf('SFT')
  const first = matrix
    .locator('tbody tr')
    .first()
    .locator(`> :nth-child(${at + 1})`)
  await column.getByRole('button').click()
  await page.waitForURL(/matrix=1\+sft/)
  await expect(column).toHaveAttribute('aria-sort', 'ascending')
  await expect(first).toContainText('failure')
  await column.getByRole('button').click()
  await expect(first).toContainText('success')
  await page.reload()
  await expect(column).toHaveAttribute('aria-sort', 'descending')
})

test.describe('with runs of a study', () => {
  test.use({ stored: 'studies' })

  test('a run that another version wrote says so, and another run can be chosen', async ({ page, lab }) => {
    const store = new DatabaseSync(join(lab.folder, 'lab.sqlite'))
    const { run } = store.prepare("SELECT max(run) AS run FROM stages WHERE stage = 'evaluate'").get() as {
      run: number
    }
    store.prepare("UPDATE stages SET result = '{}' WHERE stage = 'collect' AND run = ?").run(run)
    store.close()
    // Nobody tells the window of this change, and it keeps an answer for five seconds.
    await page.reload()
    await open(page, 'results')
    await page.getByRole('alert').getByText('another version of the lab wrote it').waitFor()
    await page.getByRole('combobox', { name: 'Run', exact: true }).selectOption('1')
    await page.getByRole('heading', { name: 'Success of every policy' }).waitFor()
    await expect(page.getByRole('alert')).toHaveCount(0)
  })
})

test('curves are read and zoomed by keys', async ({ page }) => {
  await open(page, 'training')
  await page.getByRole('region', { name: 'Rewards' }).locator('.recharts-line').first().waitFor()
  const plot = page.getByRole('region', { name: 'Rewards' }).getByRole('slider')
  await plot.press('End')
  await expect(plot).toHaveAttribute('aria-valuetext', /^step 12; chosen .* \(raw .*\); rejected /)
  await plot.press('+')
  const all = page.getByRole('button', { name: /^Steps \d+ to 12: show all$/ })
  await all.waitFor()
  await plot.press('0')
  await all.waitFor({ state: 'hidden' })
  await clean(page, 'training')
})

test('the collection names the golden sample that would help most, and begins it', async ({ page }) => {
  await page.evaluate(() => {
    window.location.hash = '#/pipeline?stage=collect'
  })
  const helps = page.getByRole('region', { name: 'Golden samples that would help most' })
  await helps.getByText('enter-password: 1 of 7 problems was never solved').waitFor()
  await clean(page, 'pipeline-unsolved')
  await helps.getByRole('button', { name: 'Record a sample of enter-password' }).click()
  await page.getByRole('heading', { name: 'Record a golden sample' }).waitFor()
  await expect(page.getByRole('combobox', { name: 'Task' })).toHaveValue('enter-password')
  await expect(page.getByLabel('Seed', { exact: true })).toHaveValue('6')
})

test('episodes are found by outcome and by cause', async ({ page }) => {
  await open(page, 'episodes')
  await page.getByLabel('Outcome', { exact: true }).selectOption('success')
  await page.getByText(/^Step \d+ of \d+$/).waitFor()
  await clean(page, 'episodes')
  await page.evaluate(() => {
    window.location.hash = '#/episodes?reason=wrong'
  })
  const cause = page.getByRole('button', { name: 'Why: the page ended without full reward' })
  await cause.click()
  await cause.waitFor({ state: 'hidden' })
})

test('every attempt at a problem is opened, and a task has a page over all runs', async ({ page }) => {
  await page.evaluate(() => {
    window.location.hash = '#/results?of=click-checkboxes&solved=some'
  })
  const matrix = page.getByRole('region', { name: 'Problem by problem' })
  await expect(matrix.getByText('4 problems')).toBeVisible()
  const columns = ['SFT', 'DPO', 'Golden replay only', 'SFT on own successes', 'NLL on chosen']
  for (const name of columns) await matrix.getByRole('columnheader', { name, exact: true }).waitFor()
  await matrix.getByLabel('Stage').selectOption('Collect')
  await expect(matrix.getByText('6 problems')).toBeVisible()
  await expect(matrix.getByRole('row').nth(1).getByRole('link')).toHaveCount(5)
  await matrix.getByRole('row').nth(1).getByRole('link', { name: 'success' }).first().click()
  await page.getByText(/^Step \d+ of \d+$/).waitFor()
  // What the agent answered is searched too.
  await page.getByLabel('Search instructions and answers').fill('press tab')
  await expect(page.getByText('76 episodes')).toBeVisible()

  await open(page, 'tasks')
  await page.getByLabel('Search tasks').fill('checkboxes soft')
  await page.getByLabel('Choose click-checkboxes-soft').check()
  await page.getByRole('button', { name: 'Learn these tasks' }).click()
  await page.getByText(/^The next run learns \d+ tasks\.$/).waitFor()
  await page.getByLabel('Search tasks').fill('')
  await expect(page.getByRole('listitem').filter({ hasText: 'DPO so far' })).toHaveCount(3)
  await clean(page, 'tasks')
  await page.getByRole('link', { name: 'Click checkboxes', exact: true }).click()
  const rounds = page.getByRole('region', { name: 'Over runs and rounds' })
  await expect(rounds.getByRole('row')).toHaveCount(2)
  await clean(page, 'task')
  await page
    .getByRole('region', { name: 'Why attempts failed' })
    .getByRole('link', { name: /^Collect: / })
    .click()
  await page.getByText(/^Step \d+ of \d+$/).waitFor()
})

test('golden samples are listed by task, read step by step, edited and deleted', async ({ page }) => {
  await page.evaluate(() => {
    window.location.hash = '#/tasks?side=golden&of=click-button'
  })
  const all = page.getByRole('region', { name: 'Recordings' })
  const recordings = all.getByRole('button', { name: /^seed \d+ · by the expert · \d+ steps?$/ })
  await recordings.first().click()
  await expect(page).toHaveURL(/recording=click-button/)
  const step = all.getByRole('region', { name: 'Step 1' })
  await expect(step.getByText('Task: Click on the')).toBeVisible()
  await step.getByLabel('Thought').fill('the task names it')
  await step.getByRole('button', { name: 'Save the thought' }).click()
  await page.getByText('The thought is saved.').waitFor()
  await clean(page, 'golden')
  const count = await recordings.count()
  await all
    .getByRole('button', { name: /^Delete click-button/ })
    .first()
    .click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(recordings).toHaveCount(count - 1)
})
