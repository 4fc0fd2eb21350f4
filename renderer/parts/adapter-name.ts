/** What an adapter is called where several stand together. */
import type { TFunction } from 'i18next'
import type { Answers } from '../lab.ts'
import { armName } from './arm.ts'

export type Adapter = Answers['adapters']['list'][number]

/** "DPO · Run 3 · round 2"; what stands at a path of the configuration goes by the path. */
export function adapterName(t: TFunction, { arm, run, round, path }: Adapter): string {
  if (run === null) return path
  return [armName(t, arm), t('episodes.run', { run }), ...(round > 1 ? [t('episodes.round', { round })] : [])].join(
    ' · ',
  )
}
