/** Where LM Studio keeps its models. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { smallText } from './small-text.ts'

const settingsSchema = z.object({ downloadsFolder: z.string().min(1) })

/**
 * LM Studio's folders of models: that which its settings name, and `models` in its home. The home is named by a pointer file
 * in the user's home; it is ~/.lmstudio, and was ~/.cache/lm-studio in older versions.
 */
export function lmStudioFolders(home: string = homedir()): string[] {
  const pointed = smallText(join(home, '.lmstudio-home-pointer'))?.trim()
  const homes = [...(pointed ? [pointed] : []), join(home, '.lmstudio'), join(home, '.cache/lm-studio')]
  return [...new Set(homes.flatMap((one) => [...chosenFolder(join(one, 'settings.json')), join(one, 'models')]))]
}

/** The folder that a user chose for downloads; an empty list if the settings name none. */
function chosenFolder(settings: string): string[] {
  try {
    return [settingsSchema.parse(JSON.parse(smallText(settings) ?? '')).downloadsFolder]
  } catch {
    return []
  }
}
