/**
 * Makes every machine the same one to pages: its language, time zone, screen, fonts by name, input devices and name.
 * Otherwise a seed would be another problem in Beijing than in Berlin. `page/clock.ts` does the same for the clock.
 */
import type { CDPSession } from 'puppeteer-core'

/** The size of a page, in CSS pixels. */
export const VIEWPORT = { width: 500, height: 320 } as const
/** The part of it that MiniWoB++ tasks use, at the upper left. */
export const TASK_AREA = { width: 160, height: 210 } as const

/** What the pictures of a page show of it: a part that begins at the upper left, in CSS pixels. */
export interface View {
  readonly width: number
  readonly height: number
  /** How many pixels of the picture a CSS pixel is wide and high. */
  readonly density: number
}

/** What pages of tasks know of the machine, whatever it is. */
const LANGUAGE = 'en-US'
const TIME_ZONE = 'UTC'
const SCREEN = { screenWidth: 800, screenHeight: 600 } as const
const METRICS = {
  ...VIEWPORT,
  ...SCREEN,
  deviceScaleFactor: 1,
  mobile: false,
  screenOrientation: { type: 'landscapePrimary', angle: 0 },
} as const
const PROCESSORS = 4
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const PLATFORM = 'Linux x86_64'

const MEDIA: Readonly<Record<string, string>> = {
  'prefers-color-scheme': 'light',
  'prefers-reduced-motion': 'no-preference',
  'prefers-reduced-data': 'no-preference',
  'prefers-reduced-transparency': 'no-preference',
  'prefers-contrast': 'no-preference',
  'forced-colors': 'none',
  'color-gamut': 'srgb',
}

/** Chromium's own choice on Linux in English. In other languages it takes other fonts, of other sizes. */
const FONTS = {
  standard: 'Times New Roman',
  serif: 'Times New Roman',
  sansSerif: 'Arial',
  fixed: 'Monospace',
  cursive: 'Comic Sans MS',
  fantasy: 'Impact',
  math: 'Latin Modern Math',
}
const FONT_SIZES = { standard: 16, fixed: 13 }

/**
 * Variables and a flag with which a Chromium of one's own starts. The commands of `emulateMachine` reach scripts; the
 * browser's own words in pages (messages of fields, forms of dates) follow these.
 */
export const BROWSER_LANGUAGE = {
  flag: `--lang=${LANGUAGE}`,
  variables: { LANGUAGE: 'en_US', TZ: TIME_ZONE },
} as const

/** Hides from the session's page, and from all that it will load, which machine it runs on. */
export async function emulateMachine(cdp: CDPSession): Promise<void> {
  await Promise.all([
    cdp.send('Emulation.setLocaleOverride', { locale: LANGUAGE }),
    cdp.send('Emulation.setTimezoneOverride', { timezoneId: TIME_ZONE }),
    cdp.send('Emulation.setUserAgentOverride', {
      userAgent: USER_AGENT,
      acceptLanguage: LANGUAGE,
      platform: PLATFORM,
    }),
    cdp.send('Emulation.setDeviceMetricsOverride', METRICS),
    cdp.send('Emulation.setEmulatedMedia', {
      features: Object.entries(MEDIA).map(([name, value]) => ({ name, value })),
    }),
    cdp.send('Emulation.setScrollbarsHidden', { hidden: true }),
    cdp.send('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: PROCESSORS }),
    cdp.send('Page.setFontFamilies', { fontFamilies: FONTS }),
    cdp.send('Page.setFontSizes', { fontSizes: FONT_SIZES }),
  ])
}

/**
 * Lets the browser paint this view of the page; the whole page with null. Neither the page nor the mouse on it notices: the
 * browser enlarges what it has laid out. `cdp` is the session that has emulated the machine, because each has metrics of its own.
 */
export async function emulateView(cdp: CDPSession, view: View | null): Promise<void> {
  if (view === null) {
    await cdp.send('Emulation.setDeviceMetricsOverride', METRICS)
    return
  }
  const { width, height, density } = view
  await Promise.all([
    cdp.send('Emulation.setDeviceMetricsOverride', {
      ...METRICS,
      dontSetVisibleSize: true,
      viewport: { x: 0, y: 0, width, height, scale: density },
    }),
    cdp.send('Emulation.setVisibleSize', { width: density * width, height: density * height }),
  ])
}
