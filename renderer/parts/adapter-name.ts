/** The names of adapters in lists. */
import type { TFunction } from 'i18next'
import type { Answers } from '../lab.ts'
import { armName } from './arm.ts'

type Listed = Answers['adapters']['list'][number]
/** An adapter that can be read. */
export type Adapter = Extract<Listed, { readonly problem: null }>
/** An adapter that cannot be read. */
export type BrokenAdapter = Exclude<Listed, Adapter>

type Named = Pick<Adapter, 'path' | 'arm' | 'run' | 'round' | 'rounds'>

/** "DPO · Run 3 · round 2". An adapter at a path of the configuration has that path as its name. */
export function adapterName(t: TFunction, adapter: Named): string {
  const { arm, run, path } = adapter
  if (run === null) return path
  return [armName(t, arm), t('episodes.run', { run }), roundOf(t, adapter)].filter(Boolean).join(' · ')
}

/** "round 2"; '' where the adapter's run has only this round. */
export function roundOf(t: TFunction, { round, rounds }: Pick<Named, 'round' | 'rounds'>): string {
  return round > 1 || (round > 0 && rounds > 1) ? t('episodes.round', { round }) : ''
}
