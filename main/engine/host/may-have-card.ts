import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whether this machine may have a graphics card that computes. Linux shows each in /dev; other systems have one almost
 * always. `root` is that of the system's files.
 */
export function mayHaveCard(root = '/', platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true
  const folder = join(root, 'dev/dri')
  const nodes = existsSync(folder) ? readdirSync(folder) : []
  return nodes.some((name) => name.startsWith('renderD')) || existsSync(join(root, 'dev/nvidiactl'))
}
