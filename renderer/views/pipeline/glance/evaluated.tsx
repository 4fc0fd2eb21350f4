/** How often each policy succeeded: those that have played, while the others still do. */
import { useQuery } from '@tanstack/react-query'
import { wilson } from '../../../../main/evaluation/statistics.ts'
import { lab } from '../../../api.ts'
import { Policies } from '../../../parts/policies.tsx'
import classes from './glance.module.css'

interface Props {
  readonly run: number
  readonly round: number
  /** Milliseconds between two looks at a stage that runs; false where it has ended. */
  readonly every: number | false
}

export function Evaluated({ run, round, every }: Props) {
  const results = useQuery({
    queryKey: ['results', 'get', run],
    queryFn: () => lab.results.get.query({ run }),
    enabled: every === false,
  })
  const played = useQuery({
    queryKey: ['episodes', 'groups', 'evaluate', run, round],
    queryFn: () => lab.episodes.groups.query({ run, stage: 'evaluate', round }),
    enabled: every !== false,
    refetchInterval: every,
  })
  const arms = every === false ? results.data?.arms : ratesOf(played.data ?? [])
  return arms === undefined ? null : (
    <div className={classes.policies}>
      <Policies arms={arms} />
    </div>
  )
}

type Groups = Awaited<ReturnType<typeof lab.episodes.groups.query>>

/** Success by arm, those that have played most first: they play one after another. */
function ratesOf(groups: Groups) {
  const rates = [...Map.groupBy(groups, ({ arm }) => arm)].map(([arm, own]) => {
    const count = (outcome: string) =>
      own.filter((group) => group.outcome === outcome).reduce((sum, group) => sum + group.count, 0)
    const [successes, faults] = [count('success'), count('fault')]
    const n = successes + count('failure')
    return { arm, rate: { success: successes / Math.max(1, n), n, faults, ...wilson(successes, n) } }
  })
  rates.sort((one, other) => other.rate.n - one.rate.n)
  return Object.fromEntries(rates.map(({ arm, rate }) => [arm, rate]))
}
