/**
 * A program for packed.test.ts: runs a packed app in a Node process of its own, on the stand-in for Electron. It opens the window,
 * plays a page, runs the pipeline and asks for its reports; then it prints what it saw as a line of JSON.
 *
 *     PACKED_APP_HOME=HOME node testing/packed/start.ts APP
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { connectDesktop } from '../desktop-lab.ts'

const STAND_IN = new URL('./electron-module.ts', import.meta.url).href
const PATIENCE = 120_000
const REPORTS = ['report.html', 'report.pdf', 'summary.json']
/** A pipeline of some seconds, on pages that come with the app. */
const SMALL = {
  tasks: ['click-button', 'click-checkboxes', 'enter-password'],
  'golden.samples_per_task': 1,
  'golden.held_out_per_task': 1,
  'collect.seeds_per_task': 6,
  'collect.attempts': 4,
  'training.sft.max_steps': 20,
  'training.dpo.max_steps': 4,
  'evaluation.num_episodes_per_task': 2,
}

export interface Seen {
  /** Errors that the app has shown. */
  readonly errors: readonly string[]
  readonly title: string
  /** The address of a hidden window's page. */
  readonly page: string
  readonly job: { readonly status: string; readonly error: unknown } | null
  /** The status of the answer to each report. */
  readonly reports: Readonly<Record<string, number>>
}

registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: STAND_IN, shortCircuit: true } : next(name, context)),
})
const { launch } = await import('./electron-module.ts')
const folder = process.argv[2] ?? ''
const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main: string }
// An installed app gets its arguments after its own name.
process.argv = [process.argv[0]!]
const quitted = new Promise((resolve) => launch.app.once('did-quit', resolve))
const opened = new Promise((resolve) => launch.app.once('web-contents-created', resolve))
await import(pathToFileURL(join(folder, main)).href)
launch.app.evaluated()
await Promise.race([opened, quitted])
console.log(JSON.stringify(launch.windows.length === 0 ? nothing() : await use()))
launch.app.quit()
await quitted
await launch.close()
process.exit(0)

function nothing(): Seen {
  return { errors: launch.errors, title: '', page: '', job: null, reports: {} }
}

async function use(): Promise<Seen> {
  const { lab, origin, cookie, socket } = await connectDesktop(launch, PATIENCE)
  const shown = await launch.windows[0]!.webContents.page
  await shown.waitForSelector('nav', { timeout: PATIENCE })
  const { screen } = await lab.live.record.mutate({ task: 'click-button', seed: 3 })
  const page = (await launch.windows.at(-1)!.webContents.page).url()
  await lab.live.discard.mutate({ screen })
  await lab.job.start.mutate({ command: 'pipeline', overrides: SMALL })
  while ((await lab.job.state.query()).status !== 'idle') await new Promise((resolve) => setTimeout(resolve, 200))
  const { last } = await lab.job.state.query()
  const reports: Record<string, number> = {}
  for (const name of REPORTS) {
    const answer = await fetch(`${origin}/exports/${last?.run}/${name}`, { headers: { cookie } })
    await answer.arrayBuffer()
    reports[name] = answer.status
  }
  await socket.close()
  const title = await shown.title()
  return {
    errors: launch.errors,
    title,
    page,
    job: last === null ? null : { status: last.status, error: last.error },
    reports,
  }
}
