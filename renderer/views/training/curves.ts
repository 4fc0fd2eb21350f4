/** The query for the curves that the charts draw. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lab } from '../../api.ts'
import type { Range } from '../../parts/curve/series.ts'
import { type Arm, idOf, keyOf } from './arms.ts'

/** Points per curve: about one per pixel of the narrowest chart. */
const POINTS = 320
/** Milliseconds between two fetches while a training runs. */
export const LIVE = 1500

/** The curves of some trainings, over all steps or a range. While `live`, they are fetched again and again. */
export function useCurves(arms: readonly Arm[], names: readonly string[], range: Range | null, live: boolean) {
  const [from, to] = range ?? [0, Number.MAX_SAFE_INTEGER]
  return useQuery({
    queryKey: ['metrics', 'curves', arms.map(idOf), names, from, to],
    queryFn: () => lab.metrics.curves.query({ arms: arms.map(keyOf), names: [...names], from, to, points: POINTS }),
    enabled: arms.length > 0 && names.length > 0,
    placeholderData: keepPreviousData,
    // Thousands of numbers that are new at each fetch: comparing them would take longer than drawing them.
    structuralSharing: false,
    refetchInterval: live ? LIVE : false,
  })
}
