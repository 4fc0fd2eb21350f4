/**
 * `npm test`: every test of the project, in Vitest and then in Playwright, and one line that counts them all.
 * `npm test -- main/training` runs a part: arguments in e2e/ go to Playwright, all others to Vitest. The counts are written
 * to coverage/tests.json.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { projectPath } from '../main/files/paths.ts'
import { getRedis } from './get-redis.ts'

interface Count {
  readonly passed: number
  readonly failed: number
  /** Full names. If a machine lacks something, the name says what. */
  readonly skipped: readonly string[]
}

/** What is in node_modules/.bin is no JavaScript on Windows. */
const PROGRAMS = {
  vitest: 'node_modules/vitest/vitest.mjs',
  playwright: 'node_modules/@playwright/test/cli.js',
} as const
const VITEST = 'coverage/vitest.json'
const PLAYWRIGHT = 'coverage/playwright.json'

const vitestResult = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
})

interface Suite {
  readonly specs: readonly { readonly title: string; readonly tests: readonly { readonly status: string }[] }[]
  readonly suites: readonly Suite[]
}
const suite: z.ZodType<Suite> = z.lazy(() =>
  z.object({
    specs: z.array(z.object({ title: z.string(), tests: z.array(z.object({ status: z.string() })) })).default([]),
    suites: z.array(suite).default([]),
  }),
)
const playwrightResult = z.object({ suites: z.array(suite), errors: z.array(z.unknown()) })

const given = process.argv.slice(2)
const inBrowser = given.filter((argument) => argument.startsWith('e2e'))
const others = given.filter((argument) => !inBrowser.includes(argument))
mkdirSync(projectPath('coverage'), { recursive: true })
const missing = getRedis()
if (missing !== null) console.error(missing)
const counts: Count[] = []
if (given.length === 0 || others.length > 0) counts.push(vitest(others))
if (given.length === 0 || inBrowser.length > 0) counts.push(playwright(inBrowser))
report(counts)

function vitest(filters: readonly string[]): Count {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${VITEST}`]
  const ended = execute('vitest', ['run', ...reporters, ...filters], VITEST)
  const files = read(VITEST, vitestResult)?.testResults ?? []
  const tests = files.flatMap(({ assertionResults }) => assertionResults)
  // A file that does not load has no tests, so it counts as one failure.
  const broken = files.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
  return count(
    ended,
    tests.filter(({ status }) => status === 'passed').length,
    tests.filter(({ status }) => status === 'failed').length + broken.length,
    tests.filter(({ status }) => !['passed', 'failed'].includes(status)).map(({ fullName }) => fullName),
  )
}

function playwright(filters: readonly string[]): Count {
  const ended = execute('playwright', ['test', ...filters], PLAYWRIGHT)
  const result = read(PLAYWRIGHT, playwrightResult)
  const specs = (suites: readonly Suite[]): Suite['specs'] =>
    suites.flatMap((one) => [...one.specs, ...specs(one.suites)])
  const tests = specs(result?.suites ?? []).flatMap((spec) => spec.tests.map((test) => ({ ...test, name: spec.title })))
  return count(
    ended,
    tests.filter(({ status }) => status === 'expected' || status === 'flaky').length,
    tests.filter(({ status }) => status === 'unexpected').length,
    tests.filter(({ status }) => status === 'skipped').map(({ name }) => name),
  )
}

/** A program counts as one failure if it ended badly without a failed test, or wrote no result. */
function count(ended: boolean, passed: number, failed: number, skipped: readonly string[]): Count {
  return { passed, failed: ended ? failed : Math.max(1, failed), skipped }
}

/** Runs a dependency's program in this terminal. Returns false if it failed. */
function execute(program: keyof typeof PROGRAMS, args: readonly string[], result: string): boolean {
  rmSync(projectPath(result), { force: true })
  return (
    spawnSync(process.execPath, [projectPath(PROGRAMS[program]), ...args], { stdio: 'inherit', cwd: projectPath('.') })
      .status === 0
  )
}

/** A program's result file; undefined, with a line on stderr, if it cannot be read. */
function read<Result>(file: string, form: z.ZodType<Result>): Result | undefined {
  try {
    return form.parse(JSON.parse(readFileSync(projectPath(file), 'utf8')))
  } catch (error) {
    console.error(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

function report(all: readonly Count[]): void {
  const sum = (key: 'passed' | 'failed') => all.reduce((total, one) => total + one[key], 0)
  const total = { passed: sum('passed'), failed: sum('failed'), skipped: all.flatMap(({ skipped }) => skipped) }
  writeFileSync(projectPath('coverage/tests.json'), JSON.stringify(total, null, 2))
  // Options such as -t omit tests on purpose.
  const chosen = given.some((argument) => argument.startsWith('-'))
  if (!chosen) for (const name of total.skipped) console.log(`skipped: ${name}`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
}
