/** Actions and checks that several tests of the window use. */
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { projectPath } from '../main/files/paths.ts'

export const VIEWS = {
  pipeline: 'Pipeline',
  live: 'Live',
  pairs: 'Pairs',
  training: 'Training',
  results: 'Results',
  episodes: 'Episodes',
  runs: 'Runs & models',
  studies: 'Studies',
  tasks: 'Tasks',
} as const
export type View = keyof typeof VIEWS

/** Opens a view by clicking its link. */
export async function open(page: Page, view: View): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: VIEWS[view] }).click()
  await page.getByRole('heading', { level: 1, name: VIEWS[view] }).waitFor()
}

/** Waits until the log's search finds a line with this text. */
export async function logged(page: Page, text: string, timeout = 30_000): Promise<void> {
  const search = page.getByLabel('Search the log')
  await search.fill(text)
  await page.getByRole('log').getByText(text).first().waitFor({ timeout })
  await search.fill('')
}

/** What axe looks at in a project: its metadata say so where it is not everything. */
export type Axe = 'everything' | 'colours' | 'everything but colours' | 'nothing'

/** The rules of axe whose answers depend on colours. They take most of its time. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/**
 * Saves a screenshot in coverage/window/ and runs axe on the visible page: WCAG 2.2 A and AA, and axe's best practices, or
 * those of its rules that the project is for.
 */
export async function clean(page: Page, name: string): Promise<void> {
  await screenshot(page, name)
  const { axe = 'everything' } = test.info().project.metadata as { axe?: Axe }
  if (axe === 'nothing') return
  const look = async () => {
    // The window has no frames, so axe may work in the page alone; and it need not describe what it finds in order. Both take
    // a tenth of the time.
    const builder = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode()
    if (axe === 'colours') builder.withRules(COLOURS)
    if (axe === 'everything but colours') builder.disableRules(COLOURS)
    const { violations } = await builder.analyze()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  }
  // Parts that are still fading in have less contrast. Check them once they have finished. On a busy machine one check takes
  // many seconds.
  await expect.poll(look, { message: name, timeout: 90_000, intervals: [500] }).toEqual([])
}

/** Saves a screenshot in coverage/window/. All projects but the first put their name before it. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const { project, config } = test.info()
  const place = project.name === config.projects[0]?.name ? name : `${project.name}-${name}`
  await page.screenshot({ path: join(projectPath('coverage/window'), `${place}.png`) })
}

/** By how many pixels the page, or the view in it, is wider than its container. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.getElementById('content')!
    return Math.max(scrollWidth - clientWidth, document.documentElement.scrollWidth - window.innerWidth)
  })
}

/** The texts in a part of the page that do not fit into their elements. */
export async function cutIn(part: Locator): Promise<string[]> {
  return part.evaluate((root) =>
    [...root.querySelectorAll<HTMLElement>('*')]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'hidden')
      .filter((one) => one.clientWidth > 1)
      .map((one) => one.innerText),
  )
}

/** The text of the focused element; null where nothing has the focus. */
export async function focused(page: Page): Promise<string | null> {
  return page.evaluate(() =>
    document.activeElement === document.body ? null : (document.activeElement?.textContent ?? null),
  )
}
