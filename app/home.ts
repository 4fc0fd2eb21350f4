/**
 * The folder of an installed app's user. `electron.ts` imports this file before all others, because the lab's modules read the
 * variable when they are loaded.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'

if (app.isPackaged) {
  // An installed program cannot write to its own folder.
  process.env.DPO_DRIVER_HOME ??= join(app.getPath('documents'), app.getName())
  mkdirSync(process.env.DPO_DRIVER_HOME, { recursive: true })
}
