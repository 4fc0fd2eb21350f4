/** Makes the same large lab for this checkout and, if one is named, for another checkout to compare with. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROGRAM_ROOT } from '../main/files/paths.ts'
import type { LabSize } from '../testing/large-store.ts'
import { type LargeLab, makeLargeLab, openLargeLab } from './large-lab.ts'

/** A checkout and the lab that it serves. */
export interface Contender {
  readonly name: string
  readonly checkout: string
  readonly lab: LargeLab
}

export interface Contenders {
  readonly ours: Contender
  /** null if there is nothing to compare with. */
  readonly theirs: Contender | null
}

/**
 * Makes the labs in an empty folder, or takes those that are there. The other checkout makes its own, and ours is a copy of that: a newer lab opens an
 * older store, but not the other way round.
 */
export async function makeContenders(folder: string, size: LabSize, against: string | null): Promise<Contenders> {
  const own = join(folder, 'ours')
  const ours = { name: 'ours', checkout: PROGRAM_ROOT }
  const there = existsSync(own)
  mkdirSync(own, { recursive: true })
  if (against === null) {
    return { ours: { ...ours, lab: there ? openLargeLab(own) : await makeLargeLab(own, size) }, theirs: null }
  }
  const checkout = resolve(against)
  const other = join(folder, 'theirs')
  if (there) {
    const lab = openLargeLab(own)
    // Opened here, the other lab's store would be upgraded, and its checkout could not open it any more.
    const configFile = join(other, 'config.yaml')
    return { ours: { ...ours, lab }, theirs: { name: against, checkout, lab: { ...lab, configFile } } }
  }
  mkdirSync(other)
  const maker: { makeLargeLab: typeof makeLargeLab } = await import(
    pathToFileURL(join(checkout, 'bench/large-lab.ts')).href
  )
  const lab = await maker.makeLargeLab(other, size)
  cpSync(other, own, { recursive: true })
  const configFile = join(own, 'config.yaml')
  writeFileSync(configFile, readFileSync(configFile, 'utf8').replaceAll(other, own))
  return { ours: { ...ours, lab: { ...lab, configFile } }, theirs: { name: against, checkout, lab } }
}

/** The checkouts to measure, ours first. */
export function listed({ ours, theirs }: Contenders): readonly Contender[] {
  return theirs === null ? [ours] : [ours, theirs]
}
