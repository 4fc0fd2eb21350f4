import { readFileSync, statSync } from 'node:fs'
import { refusePipe } from '../../files/read.ts'

/** Far beyond every manifest, settings file and config.json. */
const MOST_BYTES = 4e6

/** The text of a small file of another program; undefined if there is none, it is large, or it cannot be read. */
export function smallText(file: string): string | undefined {
  try {
    refusePipe(file)
    return statSync(file).size > MOST_BYTES ? undefined : readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
