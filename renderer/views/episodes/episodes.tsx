/** Every attempt ever made: found by filters, replayed step by step. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Film, Search, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { endingMessage } from '../../../main/store/episode.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { type Answers, useRuns } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { duration } from '../../parts/figures.ts'
import { Page } from '../../parts/page.tsx'
import { type KeptEpisode, KeptReplay } from '../../parts/replay/kept.tsx'
import { ListCount, Split } from '../../parts/split.tsx'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'
import { LongTable } from '../../parts/table/long-table.tsx'
import type { Order } from '../../parts/table/order.ts'
import { useLongList } from '../../parts/table/slices.ts'
import { Failure } from '../../shell/failure.tsx'
import { causeMessage, causeOf } from './cause.ts'

type Brief = Answers['episodes']['list']['rows'][number]
type Filter = Parameters<typeof lab.episodes.list.query>[0]

export default function Episodes() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [order, setOrder] = useState<Order>({ by: 'id', descending: true })
  const [search, setSearch] = useState('')
  const [wanted] = useDebouncedValue(search, 250)
  const [place, setPlace] = useState(0)
  const filter = filterOf(query, wanted)
  const list = useLongList<Brief>(['episodes', filter, order], (slice) =>
    lab.episodes.list.query({ ...filter, ...slice, sort: order.by as 'id', descending: order.descending }),
  )
  const columns = useColumns(useGroups().some(({ arm, round }) => arm === '' && round > 1))
  const row = list.rowAt(place)
  const id = query.episode === undefined ? row?.id : Number(query.episode)
  const none = list.known && list.total === 0
  return (
    <Page fill title={t('views.episodes')} about={t('episodes.about')}>
      {list.error !== null && <Failure error={list.error} />}
      <Split
        of="episodes"
        list={{
          name: t('views.episodes'),
          filters: (
            <>
              <Filters search={search} onSearch={setSearch} onChange={() => setPlace(0)} />
              <ListCount text={t('episodes.count', { count: list.total })} />
            </>
          ),
          content: none ? (
            <Empty
              icon={Film}
              title={t(Object.keys(filter).length === 0 ? 'episodes.none' : 'episodes.noMatch')}
              text={t(Object.keys(filter).length === 0 ? 'episodes.noneText' : 'episodes.noMatchText')}
            />
          ) : (
            <LongTable
              name={t('views.episodes')}
              columns={columns}
              total={list.total}
              rowAt={list.rowAt}
              onRange={list.onRange}
              chosen={place}
              onChoose={(index) => {
                setPlace(index)
                choose({ episode: undefined })
              }}
              order={order}
              onOrder={setOrder}
            />
          ),
        }}
        detail={{
          name: t('episodes.replay'),
          content:
            id === undefined ? (
              <Empty icon={Film} title={t('episodes.pick')} text={t('episodes.pickText')} />
            ) : (
              <Kept key={id} id={id} />
            ),
        }}
      />
    </Page>
  )
}

function Kept({ id }: { readonly id: number }) {
  const { data, error } = useQuery({
    queryKey: ['episode', id],
    queryFn: () => lab.episodes.get.query({ id }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (error !== null) return <Failure error={error} />
  return data === undefined ? null : <Shown episode={data} />
}

function Shown({ episode }: { readonly episode: KeptEpisode }) {
  const { t } = useTranslation()
  const [at, setAt] = useState(0)
  const { run, stage, round, arm, task, seed, attempt } = episode
  const name = t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })
  return (
    <>
      <p className="soft" style={{ margin: '0 0 8px' }}>
        {t('episodes.from', {
          run,
          stage: round > 1 ? t('episodes.roundOfStage', { stage: name, round }) : name,
          task,
          seed,
          attempt: attempt + 1,
        })}
        {arm === '' ? '' : ` · ${armName(t, arm)}`}
      </p>
      <KeptReplay episode={episode} at={at} onAt={setAt} />
    </>
  )
}

/** Filters by the address, so that other views can lead to a choice of episodes. */
function filterOf(query: Readonly<Record<string, string>>, search: string): Omit<Filter, 'offset' | 'limit'> {
  const outcome = (['success', 'failure', 'fault'] as const).find((one) => one === query.outcome)
  return {
    ...(query.run === undefined ? {} : { run: Number(query.run) }),
    ...(query.stage === undefined ? {} : { stage: query.stage }),
    ...(query.round === undefined ? {} : { round: Number(query.round) }),
    ...(query.arm === undefined ? {} : { arm: query.arm }),
    ...(query.task === undefined ? {} : { task: query.task }),
    ...causeOf(query),
    ...(outcome === undefined ? {} : { outcome }),
    ...(search === '' ? {} : { search }),
  }
}

/** What there is to filter by, of the run that is looked at or of all. */
function useGroups(): Answers['episodes']['groups'] {
  const { query } = usePlace()
  const run = query.run === undefined ? {} : { run: Number(query.run) }
  return useQuery({ queryKey: ['episodes', 'groups', run], queryFn: () => lab.episodes.groups.query(run) }).data ?? []
}

interface FiltersProps {
  readonly search: string
  readonly onSearch: (search: string) => void
  readonly onChange: () => void
}

function Filters({ search, onSearch, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useRuns()
  const say = useSay()
  const cause = causeOf(query)
  const groups = useGroups()
  const values = (name: 'stage' | 'round' | 'arm' | 'task') => [
    ...new Set(groups.map((group) => String(group[name])).filter((value) => value !== '')),
  ]
  const rounds = values('round').sort((a, b) => Number(a) - Number(b))
  const select = (
    name: 'run' | 'stage' | 'round' | 'arm' | 'task' | 'outcome',
    all: string,
    options: readonly { value: string; label: string }[],
  ) => (
    <NativeSelect
      size="xs"
      aria-label={t(`episodes.filters.${name}`)}
      value={query[name] ?? ''}
      data={[{ value: '', label: all }, ...options]}
      onChange={(event) => {
        choose({ [name]: event.currentTarget.value, episode: undefined })
        onChange()
      }}
    />
  )
  return (
    <>
      <TextInput
        size="xs"
        w={170}
        leftSection={<Search size={14} aria-hidden />}
        placeholder={t('episodes.search')}
        aria-label={t('episodes.search')}
        value={search}
        onChange={(event) => {
          onSearch(event.currentTarget.value)
          onChange()
        }}
      />
      {select(
        'run',
        t('episodes.allRuns'),
        (runs.data ?? []).map(({ id }) => ({ value: String(id), label: t('episodes.run', { run: id }) })),
      )}
      {select(
        'stage',
        t('episodes.allStages'),
        values('stage').map((value) => ({
          value,
          label: t(`stage.${value}` as 'stage.sft', { defaultValue: value }),
        })),
      )}
      {(rounds.length > 1 || query.round !== undefined) &&
        select(
          'round',
          t('episodes.allRounds'),
          rounds.map((value) => ({ value, label: t('episodes.round', { round: value }) })),
        )}
      {select(
        'arm',
        t('episodes.allArms'),
        values('arm').map((value) => ({ value, label: armName(t, value) })),
      )}
      {select(
        'task',
        t('episodes.allTasks'),
        values('task')
          .sort()
          .map((value) => ({ value, label: value })),
      )}
      {select(
        'outcome',
        t('episodes.allOutcomes'),
        (['success', 'failure', 'fault'] as const).map((value) => ({ value, label: t(`outcome.${value}`) })),
      )}
      {cause !== undefined && (
        <Button
          size="compact-sm"
          variant="default"
          rightSection={<X size={13} aria-hidden />}
          title={t('episodes.dropFilter')}
          onClick={() => {
            choose({ reason: undefined, fault: undefined, episode: undefined })
            onChange()
          }}
        >
          {t('episodes.because', { cause: say(causeMessage(cause)) })}
        </Button>
      )}
    </>
  )
}

/** `rounds`: whether some were played in a later round, so that a stage alone does not say where one is from. */
function useColumns(rounds: boolean): readonly Column<Brief>[] {
  const { t } = useTranslation()
  const say = useSay()
  return useMemo(
    () => [
      { id: 'id', label: '#', width: '46px', number: true, sortable: true, cell: ({ id }) => id },
      {
        id: 'outcome',
        label: t('episodes.outcome'),
        width: '92px',
        sortable: true,
        cell: ({ outcome }) => <OutcomeMark outcome={outcome} />,
      },
      { id: 'task', label: t('episodes.task'), width: 'minmax(96px, 1fr)', sortable: true, cell: ({ task }) => task },
      {
        id: 'seed',
        label: t('episodes.seed'),
        width: '72px',
        number: true,
        sortable: true,
        cell: ({ seed, attempt }) => (attempt > 0 ? `${seed}·${attempt + 1}` : seed),
      },
      {
        id: 'stage',
        label: t('episodes.stage'),
        width: rounds ? 'minmax(114px, 0.6fr)' : 'minmax(88px, 0.6fr)',
        cell: ({ stage, round, arm }) => {
          if (arm !== '') return armName(t, arm)
          const name = t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })
          return rounds ? `${name} · ${t('episodes.round', { round })}` : name
        },
      },
      {
        id: 'steps',
        label: t('episodes.steps'),
        width: '52px',
        number: true,
        sortable: true,
        cell: ({ steps }) => steps,
      },
      {
        id: 'reason',
        label: t('episodes.reason'),
        width: 'minmax(102px, 1.4fr)',
        sortable: true,
        cell: (row) => (row.outcome === 'success' ? '' : say(endingMessage(row))),
      },
      {
        id: 'duration',
        label: t('episodes.time'),
        width: '64px',
        number: true,
        sortable: true,
        cell: ({ duration: milliseconds }) => duration(milliseconds / 1000),
      },
    ],
    [t, say, rounds],
  )
}
