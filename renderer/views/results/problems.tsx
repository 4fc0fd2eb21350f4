/** The problems behind the paired outcomes. A problem opens its two episodes side by side. */
import { Button, Group, NativeSelect, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Results } from '../../lab.ts'
import { choose, usePlace, visit } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { Panel } from '../../parts/page.tsx'
import { KeptReplay } from '../../parts/replay/kept.tsx'
import { LongTable } from '../../parts/table/long-table.tsx'
import { orderIn, orderText } from '../../parts/table/order.ts'
import { useLongList } from '../../parts/table/slices.ts'
import { type Problem, useProblemColumns } from './problem-columns.tsx'
import { KINDS, type ProblemFilter, problemFilter } from './problem-filter.ts'
import classes from './results.module.css'

/** The id of this panel, by which other parts open it. */
export const PROBLEMS = 'problems'
/** In the address: no problem is chosen, and the list has its own order. */
export const NO_PROBLEM = { problem: undefined, order: undefined } as const

interface Props {
  readonly run: number
  readonly against: Results['against']
}

/** Shown when a kind of outcome or a task was chosen elsewhere on the page. */
export function Problems({ run, against }: Props) {
  const { query } = usePlace()
  const filter = problemFilter(query, against)
  return filter === null ? null : <ProblemPanel run={run} filter={filter} />
}

function ProblemPanel({ run, filter }: { readonly run: number; readonly filter: ProblemFilter }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const { arm, other, kind, task } = filter
  const order = problemOrder(query.order)
  const question = {
    run,
    a: arm,
    b: other,
    ...(kind === undefined ? {} : { kind }),
    ...(task === undefined ? {} : { task }),
    ...(order === undefined ? {} : { sort: order.by, descending: order.descending }),
  }
  const key = JSON.stringify(question)
  const list = useLongList<Problem>(['results', 'outcomes', question], (slice) =>
    lab.results.outcomes.query({ ...question, ...slice }),
  )
  const columns = useProblemColumns(arm, other)
  const named = useNamedProblem(question, query.problem)
  // Without a problem in the address, the first one is open.
  const at = named?.at ?? 0
  const problem = named?.problem ?? list.rowAt(0)
  const names = { arm: armName(t, arm), other: armName(t, other) }
  const count = list.known ? t('results.problemCount', { count: list.total }) : ''
  return (
    <Panel
      id={PROBLEMS}
      flush
      title={t('results.problems', names)}
      note={[task, count].filter(Boolean).join(' · ')}
      actions={<ProblemActions kind={kind} names={names} />}
    >
      <div className={classes.outcomes}>
        <div className={classes.outcomeList}>
          <LongTable
            key={key}
            name={t('results.problems', names)}
            columns={columns}
            total={list.total}
            rowAt={list.rowAt}
            onRange={list.onRange}
            chosen={at}
            onChoose={(row) => choose({ problem: list.rowAt(row)?.a })}
            {...(order === undefined ? {} : { order })}
            onOrder={(to) => choose({ order: orderText(to) })}
          />
        </div>
        {problem === undefined ? (
          <Text c="dimmed" p="md">
            {list.total > 0 || !list.known ? '' : t('results.noProblem')}
          </Text>
        ) : (
          <EpisodePair key={`${problem.a} ${problem.b}`} problem={problem} names={names} arm={arm} other={other} />
        )}
      </div>
    </Panel>
  )
}

const SORTED = ['task', 'seed', 'a', 'b'] as const

/** The order in the address; undefined for that of the evaluation. */
function problemOrder(text: string | undefined) {
  const { by = '', descending = false } = text === undefined ? {} : orderIn(text)
  const known = SORTED.find((one) => one === by)
  return known === undefined ? undefined : { by: known, descending }
}

/** The problem that the address names, with its place in the list; null where it is not in the list. */
function useNamedProblem(question: Parameters<typeof lab.results.outcomes.query>[0], named: string | undefined) {
  const episode = Number(named)
  const isNamed = named !== undefined && Number.isSafeInteger(episode) && episode > 0
  const { data } = useQuery({
    queryKey: ['results', 'outcome', question, episode],
    queryFn: () => lab.results.outcome.query({ ...question, episode }),
    enabled: isNamed,
    placeholderData: keepPreviousData,
  })
  // Takes out of the address what is not in the list, such as a problem of another task.
  const isGone = isNamed && data === null
  useEffect(() => {
    if (isGone) choose({ problem: undefined })
  }, [isGone])
  return isNamed ? data : undefined
}

interface ProblemActionsProps {
  readonly kind: ProblemFilter['kind']
  readonly names: { readonly arm: string; readonly other: string }
}

/** The choice of the kind, and a button that closes the list. */
function ProblemActions({ kind, names }: ProblemActionsProps) {
  const { t } = useTranslation()
  return (
    <Group gap="sm">
      <NativeSelect
        size="xs"
        aria-label={t('results.kind')}
        value={kind ?? ''}
        data={[
          { value: '', label: t('results.allKinds') },
          ...KINDS.map((one) => ({ value: one, label: t(`results.solvedBy.${one}`, names) })),
        ]}
        onChange={(event) => visit({ kind: event.currentTarget.value, problem: undefined })}
      />
      <Button
        size="xs"
        variant="default"
        leftSection={<X size={14} aria-hidden />}
        onClick={() => visit({ ...NO_PROBLEM, kind: undefined, task: undefined, against: undefined })}
      >
        {t('app.close')}
      </Button>
    </Group>
  )
}

interface EpisodePairProps {
  readonly problem: Problem
  /** The names of the two policies, and their arms. */
  readonly names: { readonly arm: string; readonly other: string }
  readonly arm: string
  readonly other: string
}

/** The two episodes, stepped through together. */
function EpisodePair({ problem, names, arm, other }: EpisodePairProps) {
  const [at, setAt] = useState(0)
  return (
    <div className={classes.both2}>
      <section aria-label={names.arm} style={{ borderTop: `2px solid ${armColour(arm)}` }}>
        <h3>{names.arm}</h3>
        <PlayedEpisode id={problem.a} at={at} onAt={setAt} />
      </section>
      <section aria-label={names.other} style={{ borderTop: `2px dashed ${armColour(other)}` }}>
        <h3>{names.other}</h3>
        <PlayedEpisode id={problem.b} at={at} onAt={setAt} />
      </section>
    </div>
  )
}

interface PlayedEpisodeProps {
  readonly id: number
  readonly at: number
  readonly onAt: (at: number) => void
}

function PlayedEpisode({ id, at, onAt }: PlayedEpisodeProps) {
  const { data } = useQuery({ queryKey: ['episode', id], queryFn: () => lab.episodes.get.query({ id }) })
  return data === undefined ? null : <KeptReplay episode={data} at={at} onAt={onAt} alone={false} film />
}
