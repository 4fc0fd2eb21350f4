/** The folder in which a campaign has the places of its labs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killPrograms } from './program.ts'

export interface CampaignFolder {
  readonly path: string
  /** Ends what still runs, and removes the folder or keeps it. */
  close(keep: boolean): void
}

/** Makes the folder. A signal ends the campaign's programs and removes it. Its name is short: where TMPDIR is long, browsers have their files elsewhere. */
export function openCampaignFolder(): CampaignFolder {
  const path = mkdtempSync(join(tmpdir(), 'ddc-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  const leave = () => {
    killPrograms()
    remove()
    process.exit(130)
  }
  process.once('SIGINT', leave).once('SIGTERM', leave)
  return {
    path,
    close(keep) {
      process.off('SIGINT', leave).off('SIGTERM', leave)
      killPrograms()
      if (!keep) remove()
    },
  }
}
