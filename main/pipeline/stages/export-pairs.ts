/** Pairs in the preference file of the configuration, for other tools and for editing. */
import { projectPath, shownPath } from '../../files/paths.ts'
import { exportPreferences } from '../../preferences/file.ts'
import type { RoundKey } from '../../store/keys.ts'
import type { StageContext } from '../stage.ts'

/** Exports the pairs of a round, and says where it first put a file of the user's own. Throws UserError. */
export function exportPairs({ config, store, say }: StageContext, round: RoundKey): void {
  const path = projectPath(config.paths.preference_data)
  const copy = exportPreferences(store, path, round)
  if (copy !== null) say('preferencesCopied', { path: shownPath(path), copy: shownPath(copy) })
}
