/** Builds the programs that the tests start, where they are older than their sources. */
import { PROGRAM_ROOT } from '../main/files/paths.ts'

export default async function setUpProject(): Promise<void> {
  const { setUp } = (await import(`${PROGRAM_ROOT}/app/setup.mjs`)) as { setUp: () => Promise<void> }
  await setUp()
}
