/** The address of those who only look. */
import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { clean, open } from './window.ts'

test.use({ readOnly: true, stored: 'studies' })

test('a read-only address shows and downloads everything, and changes nothing', async ({ page, lab, complaints }) => {
  await page.getByText('Read-only', { exact: true }).waitFor()
  await expect(page.getByRole('button', { name: 'Run everything' })).toBeDisabled()
  await clean(page, 'read-only')

  await open(page, 'pairs')
  const detail = page.getByRole('region', { name: 'The opened pair' })
  await detail.getByText(/^Pair 1 ·/).waitFor()
  await page.keyboard.press('d')
  await page.getByText('Nothing can be changed or started with it.').waitFor()
  await expect(page.getByText(/^0 of \d+ reviewed/)).toBeVisible()
  await clean(page, 'read-only-refused')

  const { origin } = new URL(lab.url)
  const report = await page.request.get(`${origin}/exports/1/report.html`)
  expect(report.status()).toBe(200)
  const refused = await page.request.post(`${origin}/imports/1/1/preferences`, { headers: { origin }, data: '' })
  expect(refused.status()).toBe(403)
  expect(await refused.text()).toContain('Nothing can be changed or started with it.')

  // With the whole address the same browser can do everything again.
  await page.goto(lab.url)
  await expect(page.getByRole('button', { name: 'Run everything' })).toBeEnabled()
  complaints.length = 0
})

/** Where a reader can be, with all that opens there. */
const PLACES = [
  '/pipeline',
  '/pipeline?form=experiment',
  '/pipeline?stage=dpo&side=settings',
  '/live',
  '/live?mode=play',
  '/live?mode=record',
  '/live?mode=machines',
  '/pairs',
  '/training',
  '/results',
  '/episodes',
  '/runs',
  '/runs?marked=1',
  '/runs?side=models',
  '/runs?side=lineage',
  '/studies',
  '/studies?study=1',
  '/tasks',
  '/tasks?side=golden',
  '/tasks?side=new',
  '/tasks?task=click-button',
]

/** Everything that a reader can press or fill in: it shows, sorts, marks, copies or downloads, and the lab is not changed by it. */
const LOOKS = [
  // The frame, and ways to other places.
  /^(Close|Try again|Go to the pipeline|Look at the (curves|results)|Read the pairs|Its episodes|Play an episode|Record a sample)$/,
  // Sides of a view.
  /^(Result|Settings|Change|Catalogue|Watch|Play|Record|Machines|SFT|DPO|Runs|Models|Lineage|Tasks|Golden samples|Experiment)$/,
  // The stages of a run, the parts of its memory, and how far back the resources are shown.
  /^(#(Verify|SFT|Collect|DPO|Evaluate).*|# MB of .*|# minutes)$/,
  // Filters, searches and orders.
  /^(Search .*|Random seed|Seed|Task|Tags?|Policy|Outcome|Stage|Round|Run|Command|State|Status|Started|Time|Length|Why|Name|Success)$/,
  /^(Expert|Number of actions|Columns|Reference margin|Policy margin|Margin|Which study is shown|Runs to overlay|Annotators|Base model|#)$/,
  // The problems of a run, by who solved them, and the columns of their table: one a task, one a policy.
  /^(# solved by .*|Solved by|click-button|click-checkboxes|enter-password)$/,
  /^(Golden replay only|SFT on own successes|NLL on chosen|Open its study, .*)$/,
  // The columns of a study's tasks.
  /^.* \((as run #|beta #\.#)\)$/,
  // Marks, which stay in the window.
  /^(Mark .*|Remove the marks|Compare .*|Choose .*|All # listed|# marked)$/,
  /^(Learn as before|As before|all in reach that have an expert \(#\)|all that are listed \(#\)|.* actions? \(#\))$/,
  // Curves and replays.
  /^(Steps|Tokens|Log scale|Smoothing|Save the chart .*|Whole page|Step|Step back|Step on|Play the episode|Pause|# · .*)$/,
  /^(Page as text|Prompt|Raw completion|What descends from .*|models\/base|seed # · .*)$/,
  // Copies and downloads.
  /^(Copy .*|Export.*|Files|Picture \(PNG\)|Table \(CSV\)|(study|report|results|episodes|summary|metrics)\.\w+)$/,
  // Menus, whose entries are looked at as well.
  /^More on (run|study) /,
  // A page of one's own can be written and read; it cannot be played or saved.
  /^(Name of the task|Next seed)$/,
]

test('whatever a reader can press there only looks', async ({ page, complaints }) => {
  const writes = new Set<string>()
  await page.getByText('Read-only', { exact: true }).waitFor()
  const look = async () => {
    for (const name of await enabledIn(page)) if (!LOOKS.some((one) => one.test(name))) writes.add(name)
  }
  for (const place of PLACES) {
    // Two frames later the window shows the place, or that it loads it.
    await page.evaluate(async (to) => {
      window.location.hash = to
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    }, place)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await expect(page.locator('main .mantine-Loader-root')).toHaveCount(0)
    await look()
    // Of menus that every row of a table has, the first is enough.
    const seen = new Set<string>()
    for (const menu of await page.locator('main [aria-haspopup=menu]:enabled').all()) {
      const name = ((await menu.getAttribute('aria-label')) ?? (await menu.innerText())).replace(/\d+/g, '#')
      if (seen.has(name)) continue
      seen.add(name)
      await menu.click()
      await page.getByRole('menu').first().waitFor()
      await look()
      await page.keyboard.press('Escape')
    }
  }
  expect([...writes]).toEqual([])
  await open(page, 'pairs')
  await expect(page.getByRole('button', { name: 'Train again' })).toHaveAccessibleDescription(
    /^With this address you can/,
  )
  expect(complaints).toEqual([])
})

/** The names of all controls that are not disabled, with # for numbers. */
function enabledIn(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main :is(button, input, textarea, select), [role=menuitem], [role=dialog] button')]
      .filter(
        (control) => !control.matches(':disabled, [data-disabled], [type=file], [type=hidden], [aria-hidden=true]'),
      )
      .map((control) => {
        const { labels } = control as HTMLInputElement
        const named = (control.getAttribute('aria-labelledby') ?? '')
          .split(' ')
          .map((id) => document.getElementById(id))
        const name =
          control.getAttribute('aria-label') ||
          named.map((one) => one?.textContent ?? '').join(' ') ||
          (labels?.[0] ?? control).textContent
        return name.replace(/\d+/g, '#').trim()
      }),
  )
}
