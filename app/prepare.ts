/**
 * The part of set-up that needs Node 24: a browser and the benchmark's pages. It writes data/setup.json into the
 * program's folder, not the user's, and the next set-up looks for it there.
 */
import { join } from 'node:path'
import { fetchChromium } from '../main/chromium/find.ts'
import { fetchMiniwob } from '../main/environment/miniwob.ts'
import { writeFileAtomic } from '../main/files/file.ts'
import { PROGRAM_ROOT } from '../main/files/paths.ts'
import { UserError } from '../main/messages/error.ts'
import { plainVariables } from '../main/network/proxy.ts'

/** The benchmark's folder, or null where it cannot be fetched: then the built-in tasks are used. */
async function pages(): Promise<string | null> {
  try {
    return await fetchMiniwob(join(PROGRAM_ROOT, 'data/miniwob'))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    console.error(error.message)
    return null
  }
}

try {
  // For pip, apt-get and the library that downloads Chrome.
  Object.assign(process.env, plainVariables())
  const browser = await fetchChromium((line) => console.error(line))
  writeFileAtomic(join(PROGRAM_ROOT, 'data/setup.json'), `${JSON.stringify({ browser, pages: await pages() })}\n`)
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
