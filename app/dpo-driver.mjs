#!/usr/bin/env node
/** The command `dpo-driver`: sets up what is missing, then runs app/cli.ts under Node 24. */
import { fileURLToPath } from 'node:url'
import { report, runNode, setUp } from './setup.mjs'

const args = process.argv.slice(2)
const onlyPrints =
  [undefined, 'help', 'runs', 'export'].includes(args[0]) ||
  args.some((arg) => ['-h', '--help', '-V', '--version'].includes(arg))
const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
try {
  await setUp({ environment: !onlyPrints })
  process.exitCode = await runNode(['--disable-warning=ExperimentalWarning', cli, ...args])
} catch (error) {
  process.exitCode = report(error)
}
