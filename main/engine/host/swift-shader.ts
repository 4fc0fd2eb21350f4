/** Finds the adapter in software that every Chromium brings along, for hosts without a browser. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from '../../chromium/find.ts'

/** Variables with which a Node process finds SwiftShader and Vulkan's loader; nothing where there is no Chromium. */
export async function swiftShaderVariables(): Promise<NodeJS.ProcessEnv> {
  const chromium = await findChromium().catch(() => undefined)
  const folders = [...(chromium === undefined ? [] : [path.dirname(chromium)]), '/usr/lib/chromium']
  const folder = folders.find((one) => existsSync(path.join(one, 'vk_swiftshader_icd.json')))
  if (folder === undefined) return {}
  const libraries = [process.env.LD_LIBRARY_PATH, folder].filter((one) => one !== undefined && one !== '')
  return {
    VK_ICD_FILENAMES: path.join(folder, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: libraries.join(path.delimiter),
  }
}
