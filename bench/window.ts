/**
 * Measures the window in a real Chromium, on a lab with a long history: the time from the server's start to a usable view,
 * and the smoothness of tables and curves during scrolling, searching and zooming. Then the views' queries.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { fetchChromium } from '../main/chromium/find.ts'
import type { LabSize } from '../testing/large-store.ts'
import { type Contender, type Contenders, listed, makeContenders } from './contenders.ts'
import { figure, type Reporter } from './figure.ts'
import { framesDuring, quantile } from './frames.ts'
import type { LargeLab } from './large-lab.ts'
import { median } from './measure.ts'
import { benchQueries } from './queries.ts'
import { type Selection, selects } from './selection.ts'
import { serve } from './serving.ts'

interface Scale {
  readonly size: LabSize
  /** The number of cold starts. */
  readonly starts: number
  /** How often each query is sent. */
  readonly questions: number
  /** How often each gesture is made. */
  readonly gestures: number
}

const FULL: Scale = {
  size: { runs: 200, episodes: 50_000, pairs: 10_000, steps: 100_000, longRuns: 1 },
  starts: 7,
  questions: 9,
  gestures: 40,
}
/** Ten times the attempts and pairs, and a curve of twenty runs. */
const LARGE: Scale = {
  ...FULL,
  size: { runs: 1000, episodes: 500_000, pairs: 100_000, steps: 100_000, longRuns: 20 },
}
/** For a check that everything runs; its figures mean little. */
const QUICK: Scale = {
  size: { runs: 3, episodes: 300, pairs: 200, steps: 2000, longRuns: 2 },
  starts: 1,
  questions: 1,
  gestures: 4,
}

const SIZE = { width: 1440, height: 900 }
/** The most seconds to the first paint, and to a usable view. */
const PAINT_LIMIT = 1
const USE_LIMIT = 2
/** The most milliseconds that a frame may take. */
const FRAME_LIMIT = 50

/** Reports cold starts, frames and queries. */
export async function benchWindow(report: Reporter, quick: boolean, selection: Selection): Promise<void> {
  const scale = scaleOf(quick, selection)
  const browser = await chromium.launch({ executablePath: await fetchChromium(), args: ['--no-sandbox'] })
  try {
    await withContenders(scale, selection, async (contenders) => {
      if (selects(selection.case, 'cold starts')) await coldStarts(browser, contenders, scale.starts, report)
      await benchQueries(contenders, scale.questions, report, selection)
      await frames(browser, contenders.ours.lab, scale, report, selection)
    })
  } finally {
    await browser.close()
  }
}

/** Reports only the views' queries. */
export async function benchQuestions(report: Reporter, quick: boolean, selection: Selection): Promise<void> {
  const scale = scaleOf(quick, selection)
  await withContenders(scale, selection, (labs) => benchQueries(labs, scale.questions, report, selection))
}

function scaleOf(quick: boolean, { large }: Selection): Scale {
  return quick ? QUICK : large ? LARGE : FULL
}

async function withContenders(
  { size }: Scale,
  { against, lab }: Selection,
  work: (contenders: Contenders) => Promise<void>,
): Promise<void> {
  const folder = lab === null ? mkdtempSync(join(tmpdir(), 'window-bench-')) : resolve(lab)
  try {
    await work(await makeContenders(folder, size, against))
  } finally {
    if (lab === null) rmSync(folder, { recursive: true, force: true })
  }
}

/** Measures how smooth each view is. */
const SMOOTHNESS = { pairs, curves, runs, episodes } as const

async function frames(
  browser: Browser,
  large: LargeLab,
  scale: Scale,
  report: Reporter,
  { case: cases }: Selection,
): Promise<void> {
  const views = Object.entries(SMOOTHNESS).filter(([name]) => selects(cases, `frames of ${name}`))
  if (views.length === 0) return
  const serving = await serve(large.configFile)
  try {
    const page = await openPage(browser)
    await page.goto(serving.url.href)
    await page.getByRole('button', { name: 'Run everything' }).first().waitFor()
    const smooth = async (name: string, work: () => Promise<void>) => {
      const { deltas, longestTask } = await framesDuring(page, work)
      const [half, most, longest] = [0.5, 0.99, 1].map((share) => quantile(deltas, share))
      report.figure(
        figure('window', `${name}, longest frame`, 'frames/s', 1000 / longest!, '50 ms', 1000 / FRAME_LIMIT),
      )
      report.note(
        `${name}: ${deltas.length} frames, median ${half!.toFixed(0)} ms, 99% within ${most!.toFixed(0)} ms, longest ${longest!.toFixed(0)} ms, longest task ${longestTask.toFixed(0)} ms.`,
      )
    }
    for (const [, view] of views) await view(page, large, scale.gestures, smooth)
  } finally {
    await serving.close()
  }
}

type Smooth = (name: string, work: () => Promise<void>) => Promise<void>

/** A new browser, with the tour already seen. */
async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE, locale: 'en-GB' })
  await context.addInitScript(() => {
    localStorage.setItem('dpo-driver.settings', JSON.stringify({ state: { toured: true }, version: 0 }))
  })
  return context.newPage()
}

/** The times from the start of the server's process to the first paint, and to the first usable view. */
async function coldStarts(browser: Browser, contenders: Contenders, rounds: number, report: Reporter): Promise<void> {
  const all = listed(contenders).map((contender) => ({ contender, starts: [] as ColdStart[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { contender, starts } of all) starts.push(await coldStart(browser, contender))
  }
  for (const { contender, starts } of all) {
    const of = (what: keyof ColdStart) => shown(starts.map((start) => start[what]))
    report.note(
      `Cold start, ${contender.name}: the server says its address after ${of('address')}; from the navigation on, the first paint takes ${of('painted')}, a view that can be used ${of('usable')}.`,
    )
  }
  const [ours, theirs] = all
  const start = (name: string, what: keyof ColdStart, limit: number) => {
    const speed = (starts: readonly ColdStart[]) => 1 / median(starts.map((start) => start[what]))
    const [peer, least] =
      theirs === undefined ? [`${limit} s`, 1 / limit] : [theirs.contender.name, speed(theirs.starts)]
    report.figure(figure('window', `cold start, ${name}`, '1/s', speed(ours!.starts), peer, least))
  }
  start('first paint', 'paint', PAINT_LIMIT)
  start('a view that can be used', 'use', USE_LIMIT)
}

/** Seconds. */
interface ColdStart {
  /** From the start of the process. */
  readonly address: number
  readonly paint: number
  readonly use: number
  /** From the navigation. */
  readonly painted: number
  readonly usable: number
}

type Watching = typeof globalThis & { painted?: number | undefined; usable?: number }

async function coldStart(browser: Browser, { lab, checkout }: Contender): Promise<ColdStart> {
  const page = await openPage(browser)
  await page.addInitScript((name) => {
    new PerformanceObserver((list) => {
      ;(globalThis as Watching).painted ??= list.getEntriesByName('first-contentful-paint')[0]?.startTime
    }).observe({ type: 'paint', buffered: true })
    const look = () => {
      const buttons = [...document.querySelectorAll<HTMLButtonElement>('main button:enabled')]
      const is = buttons.some(({ textContent }) => textContent.includes(name))
      // Content that exists before a frame is on the screen with the next one.
      if (is) requestAnimationFrame((now) => ((globalThis as Watching).usable = now))
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, 'Run everything')
  const started = Date.now()
  const serving = await serve(lab.configFile, checkout)
  try {
    const address = (Date.now() - started) / 1000
    await page.goto(serving.url.href, { waitUntil: 'commit' })
    await page.waitForFunction(() => {
      const { painted, usable } = globalThis as Watching
      return painted !== undefined && usable !== undefined
    })
    const { origin, painted, usable } = await page.evaluate(() => {
      const { painted = 0, usable = 0 } = globalThis as Watching
      return { origin: performance.timeOrigin, painted: painted / 1000, usable: usable / 1000 }
    })
    const before = (origin - started) / 1000
    return { address, paint: before + painted, use: before + usable, painted, usable }
  } finally {
    await page.context().close()
    await serving.close()
  }
}

/** The median of some times, and their range. */
function shown(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`
}

/** Scrolling, jumping, choosing and searching in the table of pairs. */
async function pairs(page: Page, _: LargeLab, gestures: number, smooth: Smooth): Promise<void> {
  const grid = page.getByRole('grid')
  await smooth('pairs, opening', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Pairs' }).click()
    await page.getByRole('gridcell').nth(20).waitFor()
    await page.getByRole('region', { name: 'The opened pair' }).getByRole('img').first().waitFor()
    await page.waitForTimeout(400)
  })
  const box = await grid.boundingBox()
  if (box === null) throw new Error('The table of pairs is not there.')
  await page.mouse.move(box.x + 200, box.y + 200)
  await smooth('pairs, scrolling', async () => {
    for (let at = 0; at < gestures; at++) {
      await page.mouse.wheel(0, 400)
      await page.waitForTimeout(16)
    }
  })
  await smooth('pairs, jumping', async () => {
    for (let at = 0; at < gestures / 4; at++) {
      await page.mouse.wheel(0, at % 3 === 2 ? -60_000 : 40_000)
      await page.waitForTimeout(100)
    }
  })
  await smooth('pairs, from one to the next by key', async () => {
    for (let at = 0; at < gestures / 4; at++) {
      await page.keyboard.press('j')
      await page.waitForTimeout(100)
    }
  })
  await smooth('pairs, order by margin', async () => {
    await page.getByRole('button', { name: 'Reference margin', exact: true }).click()
    await page.waitForTimeout(300)
  })
  await smooth('pairs, filter by state', async () => {
    await page.getByLabel('State', { exact: true }).selectOption({ label: 'not reviewed' })
    await page.waitForTimeout(300)
  })
  await smooth('pairs, searching', async () => {
    await page.getByLabel('Search texts').pressSequentially('submit', { delay: 60 })
    await page.waitForTimeout(500)
  })
}

/** Hovering, zooming, smoothing and the other scale, over the curves of a long training. */
async function curves(page: Page, { run }: LargeLab, gestures: number, smooth: Smooth): Promise<void> {
  await smooth('curves, opening', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Training' }).click()
    await page.getByRole('region', { name: 'Rewards' }).locator('.recharts-line').first().waitFor()
  })
  const first = page
    .getByRole('region')
    .filter({ has: page.locator('.recharts-surface') })
    .first()
    .locator('.recharts-surface')
  const box = await first.boundingBox()
  if (box === null) throw new Error(`The curves of run ${run} are not there.`)
  const place = (share: number) => [box.x + 60 + share * (box.width - 80), box.y + box.height / 2] as const
  await smooth('curves, hovering', async () => {
    for (let at = 0; at < gestures; at++) {
      await page.mouse.move(...place(at / gestures))
      await page.waitForTimeout(16)
    }
  })
  await smooth('curves, zooming', async () => {
    for (const [from, to] of [
      [0.2, 0.6],
      [0.3, 0.7],
      [0.4, 0.6],
    ] as const) {
      await page.mouse.move(...place(from))
      await page.mouse.down()
      await page.mouse.move(...place(to), { steps: Math.max(2, gestures / 4) })
      await page.mouse.up()
      await page.waitForTimeout(400)
    }
    await page.mouse.dblclick(...place(0.5))
    await page.waitForTimeout(400)
  })
  await smooth('curves, smoothing', async () => {
    await page.getByRole('slider', { name: 'Smoothing' }).focus()
    for (let at = 0; at < gestures; at++) {
      await page.keyboard.press(at < gestures / 2 ? 'ArrowRight' : 'ArrowLeft')
      await page.waitForTimeout(16)
    }
  })
  await smooth('curves, logarithmic scale', async () => {
    await page.getByRole('switch', { name: 'Log scale' }).click()
    await page.waitForTimeout(400)
    await page.getByRole('switch', { name: 'Log scale' }).click()
  })
  await smooth('curves, scrolling', async () => {
    for (let at = 0; at < gestures; at++) {
      await page.mouse.wheel(0, at < gestures / 2 ? 120 : -120)
      await page.waitForTimeout(16)
    }
  })
}

/** Scrolling, ordering, finding and comparing in the table of runs. */
async function runs(page: Page, { run }: LargeLab, gestures: number, smooth: Smooth): Promise<void> {
  const rows = page.getByRole('grid').getByRole('row')
  await smooth('runs, opening', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click()
    await rows.nth(2).waitFor()
    await page.waitForTimeout(400)
  })
  await page.getByRole('grid').hover({ position: { x: 200, y: 200 } })
  await scrolling('runs', page, gestures, smooth)
  await smooth('runs, order by seed', async () => {
    await page.getByRole('grid').getByRole('button', { name: 'Seed', exact: true }).click()
    await page.waitForTimeout(300)
  })
  await smooth('runs, searching', async () => {
    await page.getByLabel('Search runs').pressSequentially(String(run), { delay: 60 })
    await page.waitForTimeout(500)
    await page.getByLabel('Search runs').fill('')
    await page.waitForTimeout(500)
  })
  await smooth('runs, marking all', async () => {
    await page.getByRole('button', { name: /^Mark all/ }).click()
    await page.waitForTimeout(300)
    await page.getByRole('button', { name: 'Remove the marks' }).click()
  })
  for (const side of ['Models', 'Lineage']) {
    await smooth(`runs, ${side.toLowerCase()}`, async () => {
      await page.getByText(side, { exact: true }).click()
      await page.waitForTimeout(1500)
    })
    await page.mouse.move(SIZE.width / 2, SIZE.height / 2)
    await scrolling(`runs, ${side.toLowerCase()}`, page, gestures, smooth)
  }
  const twenty = Array.from({ length: Math.min(20, run) }, (_, at) => run - at).join('.')
  const chart = page.locator('.recharts-surface').first()
  await smooth('twenty runs side by side, opening', async () => {
    await page.evaluate((marked) => {
      location.hash = `#/runs?marked=${marked}`
    }, twenty)
    await chart.waitFor()
    await page.waitForTimeout(400)
  })
  await chart.scrollIntoViewIfNeeded()
  const box = await chart.boundingBox()
  if (box === null) throw new Error('The curves of the compared runs are not there.')
  await smooth('twenty runs side by side, hovering', async () => {
    for (let at = 0; at < gestures; at++) {
      await page.mouse.move(box.x + 60 + (at / gestures) * (box.width - 80), box.y + box.height / 2)
      await page.waitForTimeout(16)
    }
  })
  await smooth('pipeline, opening', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Pipeline' }).click()
    await page.getByRole('button', { name: 'Run everything' }).first().waitFor()
    await page.waitForTimeout(400)
  })
}

/** Scrolling, jumping and searching in the table of episodes. */
async function episodes(page: Page, _: LargeLab, gestures: number, smooth: Smooth): Promise<void> {
  await smooth('episodes, opening', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Episodes' }).click()
    await page.getByRole('gridcell').nth(20).waitFor()
    await page.waitForTimeout(400)
  })
  await page.getByRole('grid').hover({ position: { x: 200, y: 200 } })
  await scrolling('episodes', page, gestures, smooth)
  await smooth('episodes, jumping', async () => {
    for (let at = 0; at < gestures / 4; at++) {
      await page.mouse.wheel(0, at % 3 === 2 ? -600_000 : 400_000)
      await page.waitForTimeout(100)
    }
  })
}

async function scrolling(name: string, page: Page, gestures: number, smooth: Smooth): Promise<void> {
  await smooth(`${name}, scrolling`, async () => {
    for (let at = 0; at < gestures; at++) {
      await page.mouse.wheel(0, 400)
      await page.waitForTimeout(16)
    }
  })
}
