/** Builds what the tests start, where it is older than its sources. */
import { PROGRAM_ROOT } from '../main/files/paths.ts'

export default async function setUpProject(): Promise<void> {
  const { setUp } = (await import(`${PROGRAM_ROOT}/app/setup.mjs`)) as { setUp: () => Promise<void> }
  await setUp()
}
