/** Builds the programs that the tests start, where they are older than their sources, and makes the folder of pictures. */
import { mkdirSync } from 'node:fs'
import { PROGRAM_ROOT, projectPath } from '../main/files/paths.ts'

export default async function setUpProject(): Promise<void> {
  const { setUp } = (await import(`${PROGRAM_ROOT}/app/setup.mjs`)) as { setUp: () => Promise<void> }
  await setUp()
  mkdirSync(projectPath('coverage/window'), { recursive: true })
}
