/** What an adapter is called where several stand together. */
import type { TFunction } from 'i18next'
import type { Answers } from '../lab.ts'
import { armName } from './arm.ts'

type Listed = Answers['adapters']['list'][number]
/** An adapter that can be read. */
export type Adapter = Extract<Listed, { readonly problem: null }>
/** An adapter that cannot be read. */
export type BrokenAdapter = Exclude<Listed, Adapter>

type Named = Pick<Adapter, 'path' | 'arm' | 'run' | 'round' | 'rounds'>

/** "DPO · Run 3 · round 2"; what stands at a path of the configuration goes by the path. */
export function adapterName(t: TFunction, adapter: Named): string {
  const { arm, run, path } = adapter
  if (run === null) return path
  return [armName(t, arm), t('episodes.run', { run }), roundOf(t, adapter)].filter(Boolean).join(' · ')
}

/** "round 2"; '' where there is no other round that an adapter could be of. */
export function roundOf(t: TFunction, { round, rounds }: Pick<Named, 'round' | 'rounds'>): string {
  return round > 1 || (round > 0 && rounds > 1) ? t('episodes.round', { round }) : ''
}
