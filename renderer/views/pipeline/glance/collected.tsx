/** The result of a collection by task. Problems that are solved in some attempts and failed in others give pairs. */
import { useQuery } from '@tanstack/react-query'
import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../../api.ts'
import { hrefOf } from '../../../location.ts'
import { percent } from '../../../parts/figures.ts'
import classes from './glance.module.css'
import { Unsolved } from './unsolved.tsx'

interface Props {
  readonly run: number
  readonly round: number
  /** Milliseconds between two fetches; false for a single one. */
  readonly every: number | false
}

export function Collected({ run, round, every }: Props) {
  const { t } = useTranslation()
  const attempts = useQuery({
    queryKey: ['episodes', 'groups', 'collect', run, round],
    queryFn: () => lab.episodes.groups.query({ run, stage: 'collect', round }),
    refetchInterval: every,
  })
  const pairs = useQuery({
    queryKey: ['pairs', 'tasks', run, round],
    queryFn: () => lab.pairs.tasks.query({ run, round }),
  })
  // Pairs are built after the last attempt.
  const built = pairs.data !== undefined && pairs.data.length > 0
  const pairsOf = new Map(pairs.data?.map(({ task, count }) => [task, count]))
  const tasks = [...Map.groupBy(attempts.data ?? [], ({ task }) => task)].map(([task, groups]) => {
    const count = (outcome: string) => groups.find((group) => group.outcome === outcome)?.count ?? 0
    const [won, lost] = [count('success'), count('failure')]
    return { task, solved: won / Math.max(1, won + lost), pairs: pairsOf.get(task) ?? 0 }
  })
  return (
    <>
      <ul className={classes.tasks} aria-label={t('pipeline.glance.collected')}>
        {tasks.map(({ task, solved, pairs }) => (
          <li key={task}>
            <a className="cut" href={hrefOf('episodes', { run, stage: 'collect', task })}>
              {task}
            </a>
            <i className={classes.share} style={{ '--solved': `${percent(solved)}%` } as CSSProperties} />
            <span className="number">{percent(solved, 0)}%</span>
            <span className="soft number">{built && t('pipeline.glance.pairs', { count: pairs })}</span>
          </li>
        ))}
      </ul>
      {every === false && <Unsolved run={run} round={round} />}
    </>
  )
}
