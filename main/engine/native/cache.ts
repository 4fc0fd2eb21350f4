/**
 * Caches quantised weights on disk. Quantising a large model takes a minute and reads its whole checkpoint. The cache keeps
 * the stored bytes in a safetensors file beside the model, or in a folder of the lab if the model's is read-only.
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { UserError } from '../../messages/error.ts'
import { openSafetensors, writeSafetensorsStream } from '../checkpoint/safetensors.ts'
import { hasCode, type NativeEngine } from './addon.ts'

export interface WeightCache {
  /** Possible paths of the file. It is read from the first that has it, and written to the first that can be written. */
  readonly places: readonly string[]
  /** Identifies the source. A file with another fingerprint is not used. */
  readonly fingerprint: string
}

/** Raise it when the stored form changes. */
const FORM = 2
/** The most bytes that are copied at a time. */
const PIECE = 2 ** 24

/** The fingerprint of weights from `files` in the form that `precision` names. */
export function fingerprint(files: readonly string[], precision: string): string {
  const hash = createHash('sha256').update(`${FORM} ${precision}`)
  for (const file of files) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`\n${basename(file)} ${size} ${mtimeMs}`)
  }
  return hash.digest('hex')
}

/**
 * Loads the frozen matrices among `names` into the engine from the cache. Returns false if there is no complete file with
 * this fingerprint; the matrices can then be filled as usual.
 */
export async function readCache(
  native: NativeEngine,
  names: readonly string[],
  { places, fingerprint }: WeightCache,
): Promise<boolean> {
  for (const place of places) {
    try {
      if (await readFrom(place, native, names, fingerprint)) return true
    } catch (error) {
      // A damaged file is made again.
      if (!(error instanceof UserError)) throw error
    }
  }
  return false
}

async function readFrom(place: string, native: NativeEngine, names: readonly string[], wanted: string) {
  const file = await openSafetensors(place, ['U8'])
  try {
    if (file.metadata.fingerprint !== wanted) return false
    const buffer = new Uint8Array(PIECE)
    for (const name of names) {
      const sections = await native.sections(name)
      for (const [index, section] of sections.entries()) {
        const entry = file.entries.get(`${name}.${section.name}`)
        if (entry === undefined || entry.end - entry.begin !== section.bytes) return false
        for (let at = 0; at < section.bytes; at += PIECE) {
          const piece = buffer.subarray(0, Math.min(PIECE, section.bytes - at))
          await file.read(entry, at, piece)
          await native.writeSection(name, index, at, piece)
        }
      }
      if (sections.length > 0 && !(await areFinite(native, name))) return false
    }
    return true
  } finally {
    await file.close()
  }
}

/** Accepts the written sections. Returns false if one of their numbers is NaN or infinity. */
function areFinite(native: NativeEngine, name: string): Promise<boolean> {
  return native.sectionsRead(name).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'NOT_FINITE')) return false
      throw error
    },
  )
}

/** Writes the frozen matrices among `names`. Returns the path, or null if none can be written. */
export async function writeCache(
  native: NativeEngine,
  names: readonly string[],
  { places, fingerprint }: WeightCache,
): Promise<string | null> {
  const parts: { name: string; index: number; section: string; bytes: number }[] = []
  for (const name of names) {
    for (const [index, section] of (await native.sections(name)).entries()) {
      parts.push({ name, index, section: section.name, bytes: section.bytes })
    }
  }
  async function* pieces() {
    const buffer = new Uint8Array(PIECE)
    for (const { name, index, bytes } of parts) {
      for (let at = 0; at < bytes; at += PIECE) {
        const piece = buffer.subarray(0, Math.min(PIECE, bytes - at))
        await native.readSection(name, index, at, piece)
        yield piece
      }
    }
  }
  const declared = parts.map(
    ({ name, section, bytes }) => ({ name: `${name}.${section}`, dtype: 'U8', shape: [bytes] }) as const,
  )
  for (const place of places) {
    try {
      await writeSafetensorsStream(place, declared, pieces(), { fingerprint })
      return place
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
  return null
}
