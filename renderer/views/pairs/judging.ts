/** The judgements of the annotator whom the address names. */
import { useQuery } from '@tanstack/react-query'
import { lab } from '../../api.ts'
import type { Answers, Round } from '../../lab.ts'
import { usePlace } from '../../location.ts'
import { annotatorIn } from './filter.ts'

export type Verdicts = Answers['pairs']['judgements']
export type Verdict = Verdicts[number]

export interface Judging {
  /** null for the reviewer, whose judgements are corrections. */
  readonly annotator: string | null
  /** What the annotator thinks, by pair; null for the reviewer. */
  readonly verdicts: Verdicts | null
}

const NONE: Verdicts = {}

export function useJudging(round: Round): Judging {
  const annotator = annotatorIn(usePlace().query)
  const { data } = useQuery({
    queryKey: ['pairs', 'judgements', round, annotator],
    queryFn: () => lab.pairs.judgements.query({ ...round, annotator: annotator! }),
    enabled: annotator !== undefined,
  })
  return annotator === undefined ? { annotator: null, verdicts: null } : { annotator, verdicts: data ?? NONE }
}
