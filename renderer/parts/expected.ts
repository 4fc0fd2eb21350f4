/** What a study is expected to tell, in words. */
import type { TFunction } from 'i18next'
import type { Study } from '../lab.ts'
import { percent } from './figures.ts'

type Expected = NonNullable<Study['expected']>

/** The smallest difference that it finds. */
export function expectedWords(t: TFunction, { detectable }: Expected): string {
  return detectable === null ? t('studies.findsNone') : t('studies.finds', { points: percent(detectable) })
}

/** The seeds that some differences would take. */
export function neededWords(t: TFunction, { needed }: Expected): string {
  return needed
    .map(({ difference, seeds }) =>
      t('studies.needsOne', { points: percent(difference, 0), seeds: seeds ?? t('studies.over') }),
    )
    .join(t('app.between'))
}
