/**
 * `npm run pictures -- HOME`: makes the pictures of the window that README and docs show, in English and Chinese. HOME is the
 * folder of a lab whose latest run is a finished pipeline (DPO_DRIVER_HOME). Chinese needs a font with Chinese letters, such as
 * Debian's fonts-noto-cjk.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../main/chromium/find.ts'
import { PROGRAM_ROOT } from '../../main/files/paths.ts'

interface Picture {
  readonly name: string
  /** The place in the window's address. */
  readonly place: string
  /** What has to be there before the picture is taken. */
  readonly shown: string
  /** Prepares the view. */
  readonly prepare?: (page: Page) => Promise<void>
}

const SIZE = { width: 1440, height: 900 }
const LIMIT = 60_000
/** Milliseconds for pictures and charts to settle. */
const SETTLE = 1500
const LANGUAGES = { en: 'docs/images', 'zh-CN': 'docs/images/zh-CN' } as const

const PICTURES: readonly Picture[] = [
  { name: 'pipeline', place: 'pipeline', shown: 'main section' },
  {
    name: 'pairs',
    place: 'pairs',
    shown: 'main tbody tr',
    prepare: (page) => page.locator('main tbody tr').nth(9).click(),
  },
  { name: 'training', place: 'training', shown: 'main svg path' },
  { name: 'results', place: 'results', shown: 'main svg, main table' },
  { name: 'tasks', place: 'tasks', shown: 'main button' },
]

const home = resolve(process.argv[2] ?? '.')
const only = process.argv[3]
const serve = spawn(process.execPath, [join(PROGRAM_ROOT, 'app/cli.ts'), 'serve'], {
  env: { ...process.env, DPO_DRIVER_HOME: home },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = await new Promise<string>((found, fail) => {
  let said = ''
  serve.stdout.on('data', (text) => {
    said += text
    const address = /http:\/\/\S+token=\S+/.exec(said)
    if (address !== null) found(address[0])
  })
  serve.once('exit', () => fail(new Error('The lab ended.')))
})
const executablePath = await findChromium()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
try {
  await takeAll(browser)
} finally {
  await browser.close()
  serve.kill('SIGINT')
}

async function takeAll(browser: Browser): Promise<void> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme: 'light', reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(url)
  for (const [language, folder] of Object.entries(LANGUAGES)) {
    mkdirSync(join(PROGRAM_ROOT, folder), { recursive: true })
    await page.evaluate((spoken) => {
      const settings = { state: { language: spoken, scheme: 'light', toured: true }, version: 0 }
      localStorage.setItem('dpo-driver.settings', JSON.stringify(settings))
    }, language)
    await page.reload()
    for (const picture of PICTURES) {
      if (only === undefined || only === picture.name) await take(page, picture, join(PROGRAM_ROOT, folder))
    }
  }
}

async function take(page: Page, { name, place, shown, prepare }: Picture, folder: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash
  }, `#/${place}`)
  await page.locator(shown).first().waitFor({ timeout: LIMIT })
  await prepare?.(page)
  await page.mouse.move(0, 0)
  await page.waitForTimeout(SETTLE)
  await page.locator('main .mantine-Loader-root').first().waitFor({ state: 'detached', timeout: LIMIT })
  await page.waitForFunction(allLoaded, undefined, { timeout: LIMIT })
  await page.screenshot({ path: join(folder, `${name}.png`) })
  console.log(`${join(folder, name)}.png`)
}

/** In the page: whether every picture that can be seen is there. */
function allLoaded(): boolean {
  const seen = [...document.images].filter((image) => image.getBoundingClientRect().top < window.innerHeight)
  return seen.every((image) => image.complete)
}
