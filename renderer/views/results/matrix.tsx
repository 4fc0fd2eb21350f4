/** Every problem with every attempt at it: problems by policies and rounds. A mark opens the episode. */
import { Group, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { choose, hrefOf, usePlace } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { Panel } from '../../parts/page.tsx'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'
import { LongTable } from '../../parts/table/long-table.tsx'
import { orderIn, orderText } from '../../parts/table/order.ts'
import { useLongList } from '../../parts/table/slices.ts'
import {
  columnId,
  type MatrixColumn,
  type MatrixStage,
  matrixColumns,
  STAGES,
  solvedByIn,
  sortOf,
  stageIn,
} from './matrix-columns.ts'
import classes from './results.module.css'

type Problem = Answers['results']['problems']['rows'][number]

/** CSS pixels of a mark and its gap. */
const MARK = 20

export function Matrix({ run, tasks }: { readonly run: number; readonly tasks: readonly string[] }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const stage = stageIn(query)
  const task = tasks.find((one) => one === query.of)
  const solvedBy = solvedByIn(query)
  const order = query.matrix === undefined ? undefined : orderIn(query.matrix)
  const sort = order === undefined ? undefined : sortOf(order.by)
  const question = {
    run,
    stage,
    ...(task === undefined ? {} : { task }),
    ...(solvedBy === undefined ? {} : { solvedBy }),
    ...(order === undefined || sort === undefined ? {} : { sort, descending: order.descending }),
  }
  const list = useLongList<Problem>(['results', 'problems', question], (slice) =>
    lab.results.problems.query({ ...question, ...slice }),
  )
  const groups = useQuery({
    queryKey: ['episodes', 'groups', { run, stage }],
    queryFn: () => lab.episodes.groups.query({ run, stage }),
  })
  const columns = useColumns(
    run,
    stage,
    useMemo(() => matrixColumns(groups.data ?? []), [groups.data]),
  )
  return (
    <Panel
      flush
      title={t('results.matrix.title')}
      note={list.known ? t('results.problemCount', { count: list.total }) : ''}
      actions={<Filters stage={stage} task={task} tasks={tasks} solvedBy={solvedBy} />}
    >
      {list.known && list.total === 0 ? (
        <p className={`soft ${classes.noProblem}`}>{t('results.noProblem')}</p>
      ) : (
        <div className={classes.matrix}>
          <LongTable
            key={JSON.stringify(question)}
            name={t('results.matrix.title')}
            columns={columns}
            total={list.total}
            rowAt={list.rowAt}
            onRange={list.onRange}
            chosen={-1}
            onChoose={ignore}
            {...(order === undefined || sort === undefined ? {} : { order })}
            onOrder={(to) => choose({ matrix: orderText(to) })}
          />
        </div>
      )}
    </Panel>
  )
}

/** Only marks open something. */
function ignore(): void {}

interface FiltersProps {
  readonly stage: MatrixStage
  readonly task: string | undefined
  readonly tasks: readonly string[]
  readonly solvedBy: ReturnType<typeof solvedByIn>
}

function Filters({ stage, task, tasks, solvedBy }: FiltersProps) {
  const { t } = useTranslation()
  const select = (name: string, label: string, value: string, data: { value: string; label: string }[]) => (
    <NativeSelect
      size="xs"
      aria-label={label}
      value={value}
      data={data}
      onChange={(event) => choose({ [name]: event.currentTarget.value })}
    />
  )
  return (
    <Group gap="sm">
      {select(
        'stage',
        t('episodes.filters.stage'),
        stage,
        STAGES.map((value) => ({ value, label: t(`stage.${value}`) })),
      )}
      {select('of', t('episodes.filters.task'), task ?? '', [
        { value: '', label: t('episodes.allTasks') },
        ...tasks.map((value) => ({ value, label: value })),
      ])}
      {select('solved', t('results.matrix.solvedBy'), solvedBy ?? '', [
        { value: '', label: t('results.allKinds') },
        ...(['some', 'none', 'all'] as const).map((value) => ({ value, label: t(`results.matrix.${value}`) })),
      ])}
    </Group>
  )
}

function useColumns(run: number, stage: string, arms: readonly MatrixColumn[]): readonly Column<Problem>[] {
  const { t } = useTranslation()
  return useMemo(() => {
    const rounds = new Set(arms.map(({ round }) => round)).size > 1
    return [
      {
        id: 'task',
        label: t('episodes.task'),
        width: '150px',
        sticky: true,
        sortable: true,
        cell: ({ task }) => <a href={hrefOf('tasks', { task })}>{task}</a>,
      },
      {
        id: 'seed',
        label: t('episodes.seed'),
        width: '70px',
        number: true,
        sticky: true,
        sortable: true,
        cell: ({ seed }) => seed,
      },
      ...arms.map(({ arm, round, attempts }): Column<Problem> => {
        const name = [arm === '' ? '' : armName(t, arm), rounds || arm === '' ? t('episodes.round', { round }) : '']
          .filter(Boolean)
          .join(' · ')
        return {
          id: columnId({ round, arm }),
          label: name,
          sortable: true,
          width: `minmax(${Math.max(96, attempts * MARK)}px, 1fr)`,
          cell: ({ attempts: all }) => (
            <span className={classes.marks}>
              {all
                .filter((one) => one.arm === arm && one.round === round)
                .map(({ id, outcome }) => (
                  <a key={id} href={hrefOf('episodes', { run, stage, episode: id })} title={name}>
                    <OutcomeMark outcome={outcome} words={false} />
                  </a>
                ))}
            </span>
          ),
        }
      }),
    ]
  }, [t, run, stage, arms])
}
