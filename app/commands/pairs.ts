/** Pairs of a file, taken into the store. */
import { resolve } from 'node:path'
import { projectPath } from '../../main/files/paths.ts'
import type { Lab } from '../../main/lab.ts'
import { cutShort } from '../../main/messages/cut.ts'
import { UserError } from '../../main/messages/error.ts'
import { message } from '../../main/messages/message.ts'
import { english } from '../../main/messages/say.ts'
import { importPreferences, readPreferenceFile } from '../../main/preferences/file.ts'
import type { RoundKey } from '../../main/store/keys.ts'
import type { Screen } from '../terminal.ts'

export interface ImportOptions {
  readonly run?: number
  readonly round?: number
  readonly replace?: true
}

/**
 * Imports a file and says what that changed, pair by pair. It goes into the round that it was exported from, else into the
 * latest with pairs; `run` and `round` name another. Throws UserError where nothing is imported.
 */
export function importFile(lab: Lab, file: string, { replace, ...wanted }: ImportOptions, out: Screen): void {
  const { config, store } = lab
  const there = readPreferenceFile(store, resolve(file))
  if (there === undefined) throw new UserError('importMissing', { file })
  const isWanted = ({ run, round }: RoundKey) => run === (wanted.run ?? run) && round === (wanted.round ?? round)
  const known = there.known !== undefined && isWanted(there.known) ? there.known : store.pairs.rounds().find(isWanted)
  if (known === undefined) throw new UserError('noRoundToImport')
  const { run, round } = known
  const { told, ...counts } = importPreferences(
    store,
    { run, round },
    {
      text: there.text,
      file,
      replace: replace ?? false,
      path: projectPath(config.paths.preference_data),
    },
  )
  const sum =
    told.length === 0
      ? message('pairsImportedNothing', { file, run, round })
      : message('pairsImported', { file, ...counts, run, round })
  for (const one of [...cutShort(told), sum]) out.write(`${english(one)}\n`)
}
