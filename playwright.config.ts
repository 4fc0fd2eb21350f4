/** The window in a real Chromium: `npm run test:e2e`, or a test alone: `npx playwright test -g "the tour"`. */
import { defineConfig } from '@playwright/test'
import type { Axe } from './e2e/window.ts'
import { fetchChromium } from './main/chromium/find.ts'

/** Tests of this tag are about how views look: they run in every project, all others in the first. */
const LOOKS = /@looks/

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  globalSetup: './e2e/set-up.ts',
  outputDir: 'coverage/playwright',
  forbidOnly: process.env.CI !== undefined,
  fullyParallel: true,
  // Two cores: a lab, its browser and the engine of one test keep one of them busy.
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['json', { outputFile: 'coverage/playwright.json' }]],
  use: {
    actionTimeout: 30_000,
    // Without a film of every test: that takes an eighth of the time, and a failure has its picture.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: await fetchChromium(), args: ['--no-sandbox'] },
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
  },
  projects: [
    { name: 'english' },
    // Other words and a page half as wide change nothing that axe looks at, and its check takes seconds a view. The dark
    // changes the colours alone, and the narrowest page all but these.
    {
      name: 'chinese',
      grep: LOOKS,
      metadata: { axe: 'nothing' satisfies Axe },
      use: { locale: 'zh-CN', viewport: { width: 1024, height: 768 } },
    },
    { name: 'dark', grep: LOOKS, metadata: { axe: 'colours' satisfies Axe }, use: { colorScheme: 'dark' } },
    // What a window of 1440 by 900 holds at a zoom of 200 %, and one of 1280 by 1024 at 400 %.
    {
      name: 'narrow',
      grep: LOOKS,
      metadata: { axe: 'nothing' satisfies Axe },
      use: { viewport: { width: 720, height: 450 } },
    },
    {
      name: 'narrowest',
      grep: LOOKS,
      metadata: { axe: 'everything but colours' satisfies Axe },
      use: { viewport: { width: 320, height: 256 } },
    },
  ],
})
