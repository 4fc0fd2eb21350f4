/** Runs that really play and train. */
import { expect, LATER, test } from './fixtures.ts'
import { clean, logged, open } from './window.ts'

test.describe('while a run trains', () => {
  test.use({
    stored: 'nothing',
    settings: { training: { sft: { max_steps: 8, eval_steps: 4 }, dpo: { max_steps: 100_000, batch_size: 8 } } },
  })

  test('Live says that nobody plays, and there is nothing to pause', async ({ page }) => {
    await page.getByRole('button', { name: 'Run everything' }).click()
    await page.getByRole('link', { name: 'DPO, round 1' }).waitFor({ timeout: LATER })
    await open(page, 'live')
    await expect(page.getByText('Nobody plays now')).toBeVisible()
    await expect(page.getByText('The run is in the stage DPO, round 1.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeDisabled()
    await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Run 1 stopped').first().waitFor({ timeout: LATER })
  })
})

test.describe('with the shipped model', () => {
  test.use({
    stored: 'nothing',
    settings: {
      environment: { pages: 2, pictures: true },
      training: { sft: { max_steps: 8, eval_steps: 4 }, dpo: { max_steps: 4, batch_size: 4 } },
      evaluation: { num_episodes_per_task: 2 },
    },
  })

  test('one button runs all stages; a stop can be resumed, a reload loses nothing, a second browser sees the same', async ({
    page,
    lab,
    browser,
  }) => {
    test.setTimeout(2 * LATER)
    await page.getByRole('button', { name: 'Run everything' }).click()
    await logged(page, 'Run 1: Whole pipeline')
    await page.getByRole('link', { name: 'Collect, round 1' }).waitFor({ timeout: LATER })

    await open(page, 'live')
    await page.getByRole('article').first().waitFor()
    // So the stage waits for axe, however long it looks. The pause ends with the reload.
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('button', { name: 'Go on', exact: true }).waitFor()
    // The tooltip of the button is in no region of the page.
    await page.mouse.move(0, 0)
    await page.getByRole('tooltip').waitFor({ state: 'hidden' })
    await clean(page, 'live')
    await page.reload()
    await page.getByRole('article').first().waitFor()

    await open(page, 'pipeline')
    await page.getByRole('region', { name: 'The lab now' }).getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Resume run 1' }).waitFor({ timeout: LATER })
    await logged(page, 'Run 1 stopped')
    await page.getByRole('button', { name: 'Resume run 1' }).click()
    await logged(page, 'Run 1: Whole pipeline, resumed')
    await page.reload()
    await logged(page, 'Run 1: Whole pipeline, resumed')

    const other = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'zh-CN' })
    const second = await other.newPage()
    await second.goto(lab.url)
    await second.getByRole('dialog').waitFor()
    await second.keyboard.press('Escape')
    await second.getByLabel('搜索日志').fill('整条流水线，继续')
    await second.getByRole('log').getByText('运行 1：整条流水线，继续').waitFor()
    // The messages of stages are in the reader's language too.
    await second.getByLabel('搜索日志').fill('个样本，留出')
    await second
      .getByRole('log')
      .getByText(/^6 个样本，留出 \d+ 个/)
      .waitFor()
    await other.close()

    await logged(page, 'Run 1 done', LATER)
    await clean(page, 'pipeline-run')
    await open(page, 'results')
    await page.getByRole('heading', { name: 'Success of every policy' }).waitFor()
    await clean(page, 'results-run')
    // With pictures, which the prepared store does not have.
    await open(page, 'episodes')
    await page.getByText(/^Step \d+ of \d+$/).waitFor()
    await clean(page, 'episodes-run')
  })
})

test.describe('with a tiny model', () => {
  test.use({
    tiny: true,
    settings: { training: { dpo: { max_steps: 12, batch_size: 8 } }, evaluation: { num_episodes_per_task: 4 } },
  })

  test('DPO trains again on corrected pairs, and the new policy stands beside the old one', async ({ page }) => {
    test.setTimeout(2 * LATER)
    await open(page, 'pairs')
    const detail = page.getByRole('region', { name: 'The opened pair' })
    await detail.getByText(/^Pair 1 ·/).waitFor()
    await page.keyboard.press('d')
    await page.getByText(/^1 of \d+ reviewed/).waitFor()
    await page.keyboard.press('s')
    await page.getByText(/^2 of \d+ reviewed/).waitFor()
    await page.getByRole('button', { name: 'Train again' }).click()
    const question = page.getByRole('dialog', { name: 'Train again' })
    await question
      .getByText(
        /^DPO trains 4 policies with 12 steps each, on \d+ pairs\. Then Evaluate plays 12 problems with every policy\./,
      )
      .waitFor()
    await question.getByRole('button', { name: 'Train again' }).click()
    await page.getByRole('heading', { name: 'Pipeline' }).waitFor()
    await logged(page, 'Run 2: Train again')
    await logged(page, '1 dropped, 1 swapped')
    await logged(page, 'Run 2 done', LATER)
    await clean(page, 'train-again')
    await open(page, 'results')
    const policies = page.getByRole('region', { name: 'Success of every policy' })
    await policies.getByRole('rowheader', { name: 'DPO before training again' }).waitFor()
    await page.getByRole('region', { name: 'DPO against DPO before training again' }).waitFor()
    await clean(page, 'results-again')
    expect(await policies.getByRole('rowheader').count()).toBeGreaterThan(2)
  })
})
