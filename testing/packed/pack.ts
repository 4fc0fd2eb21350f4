/** For tests: the packed desktop app, without Electron's own files. */
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PROGRAM_ROOT } from '../../main/files/paths.ts'

const require = createRequire(createRequire(import.meta.url).resolve('electron-builder'))
const { build } = require('app-builder-lib') as {
  build(options: { targets: Map<unknown, unknown>; projectDir: string; config: unknown }): Promise<unknown>
}
const { Platform } = require('app-builder-lib') as {
  Platform: { LINUX: { createTarget(name: string): Map<unknown, unknown> } }
}
const { extractAll } = require('@electron/asar') as { extractAll(archive: string, folder: string): void }

/** What stands before the fuses in Electron's executable: https://www.electronjs.org/docs/latest/tutorial/fuses */
export const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
/** The fuses of Electron 45 as they are before anybody sets one, in the order of its build/fuses/fuses.json5. */
const FUSES = '101100011'

/**
 * Runs electron-builder for Linux into `folder`, as `npm run dist -- --dir` does. Electron's executable is a stand-in that has fuses
 * and nothing else. Returns the folder of the packed app.
 */
export async function packApp(folder: string): Promise<string> {
  const electronDist = join(folder, 'electron')
  mkdirSync(join(electronDist, 'resources'), { recursive: true })
  const executable = join(electronDist, 'electron')
  writeFileSync(executable, `${SENTINEL}\x01${String.fromCharCode(FUSES.length)}${FUSES}`)
  chmodSync(executable, 0o755)
  const output = join(folder, 'dist')
  await build({
    targets: Platform.LINUX.createTarget('dir'),
    projectDir: PROGRAM_ROOT,
    config: { extends: join(PROGRAM_ROOT, 'electron-builder.yml'), electronDist, directories: { output } },
  })
  return join(output, 'linux-unpacked')
}

/** Puts a folder in the place of the app's archive, because Node cannot read one, and returns it. It has what Electron's Node sees. */
export function openArchive(app: string): string {
  const archive = join(app, 'resources/app.asar')
  const folder = join(app, 'resources/app')
  extractAll(archive, folder)
  rmSync(archive)
  renameSync(folder, archive)
  return archive
}
