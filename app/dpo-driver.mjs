#!/usr/bin/env node
/** The command `dpo-driver`: sets up what is missing, then runs app/cli.ts under Node 24. */
import { report, runLab, setUp } from './setup.mjs'

const args = process.argv.slice(2)
const onlyPrints =
  [undefined, 'help', 'runs', 'export', 'workers'].includes(args[0]) ||
  args.some((arg) => ['-h', '--help', '-V', '--version'].includes(arg))
try {
  await setUp({ environment: !onlyPrints })
  process.exitCode = await runLab(args)
} catch (error) {
  process.exitCode = report(error)
}
