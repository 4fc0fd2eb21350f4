/** Exports pairs to the configuration's preference file, for other tools and for editing. */
import { isReadOnly } from '../../files/append.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { exportPreferences } from '../../preferences/file.ts'
import type { RoundKey } from '../../store/keys.ts'
import type { StageContext } from '../stage.ts'

/**
 * Exports the pairs of a round. Reports where it has copied the user's own file, and where a read-only file stays as it is.
 * Throws UserError.
 */
export function exportPairs({ config, store, say }: StageContext, round: RoundKey): void {
  const path = projectPath(config.paths.preference_data)
  if (isReadOnly(path)) {
    say('preferencesFixed', { path: shownPath(path) })
    return
  }
  const copy = exportPreferences(store, path, round)
  if (copy !== null) say('preferencesCopied', { path: shownPath(path), copy: shownPath(copy) })
}
