/** What a line has at a step. */
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { metric } from '../figures.ts'
import { type Drawn, valueAt } from './series.ts'

/** "0.568 (raw 0.486)": the line as it is drawn, and, where that is smoothed, the value itself; '–' before it begins. */
export function readingOf(t: TFunction, { line, points }: Drawn, step: number): string {
  const value = valueAt(line, step)
  if (value === null) return '–'
  const raw = line === points ? null : valueAt(points, step)
  return raw === null ? metric(value) : t('training.smoothed', { value: metric(value), raw: metric(raw) })
}

export function Reading({ series, step }: { readonly series: Drawn; readonly step: number }) {
  const { t } = useTranslation()
  return <b className="number">{readingOf(t, series, step)}</b>
}
