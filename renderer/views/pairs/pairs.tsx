/** Preference pairs: a table of thousands, each to be read, judged and corrected. */
import { ActionIcon, Button, FileButton, Group, Menu, NativeSelect, Progress, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronDown, FileJson, Gauge, GitFork, Play, Redo2, Search, Undo2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { type Answers, type Round, useRounds } from '../../lab.ts'
import { choose, goTo, usePlace } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { useKeys } from '../../parts/keys.ts'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { ListCount, Split } from '../../parts/split.tsx'
import { LongTable, type Order } from '../../parts/table/long-table.tsx'
import { useLongList } from '../../parts/table/slices.ts'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { trainAgain } from '../../start.ts'
import { usePairDraft } from '../../state/pair-drafts.ts'
import { useAddress, useRound } from './address.ts'
import { type Chosen, placeOf } from './chosen.ts'
import { ImportDialog } from './import-dialog.tsx'
import { PairDetail, pairQuery } from './pair-detail.tsx'
import { type PairBrief, usePairColumns } from './pair-table.tsx'
import classes from './pairs.module.css'
import { useReview } from './review.ts'
import { taskName } from './task-name.ts'

const STATES = ['unreviewed', 'reviewed', 'kept', 'dropped', 'swapped', 'edited', 'noted'] as const

export default function Pairs() {
  const { t } = useTranslation()
  const rounds = useRounds()
  const round = useRound(rounds.data ?? [])
  if (rounds.error !== null) return <Failure error={rounds.error} retry={() => void rounds.refetch()} />
  if (rounds.data?.length === 0) {
    return (
      <Page title={t('views.pairs')}>
        <Empty icon={GitFork} title={t('pairs.none')} text={t('pairs.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
      </Page>
    )
  }
  if (rounds.data === undefined || round === undefined) return <Loading />
  return <RoundOfPairs key={`${round.run} ${round.round}`} rounds={rounds.data} round={round} />
}

interface Props {
  readonly rounds: Answers['pairs']['rounds']
  readonly round: Answers['pairs']['rounds'][number]
}

function RoundOfPairs({ rounds, round: { run, round } }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const place: Round = { run, round }
  const review = useReview(place)
  const [order, setOrder] = useState<Order>({ by: 'id', descending: false })
  const [search, setSearch] = useState(query.search ?? '')
  const [wanted] = useDebouncedValue(search, REST)
  const [chosen, setChosen] = useState<Chosen>(query.pair === undefined ? FIRST : { at: -1, id: Number(query.pair) })
  /** The pair whose answers are being edited: it stays open until they are saved, whatever becomes of the list. */
  const [draft, setDraft] = usePairDraft(place)
  const editing = draft?.id ?? null
  const state = STATES.find((one) => one === query.state)
  const filter = {
    ...place,
    ...(query.task === undefined ? {} : { task: query.task }),
    ...(state === undefined ? {} : { state }),
    ...(wanted === '' ? {} : { search: wanted }),
  }
  const list = useLongList<PairBrief>(['pairs', 'list', filter, order], (slice) =>
    lab.pairs.list.query({ ...filter, ...slice, ...inOrder(order) }),
  )
  const tasks = useQuery({ queryKey: ['pairs', 'tasks', place], queryFn: () => lab.pairs.tasks.query(place) })
  const columns = usePairColumns()
  const at = placeOf(chosen, list.total, (place) => list.rowAt(place)?.id)
  const open = editing ?? list.rowAt(at)?.id ?? chosen.id
  useAhead([at + 1, at - 1, at + 2].map((one) => list.rowAt(one)?.id))
  const go = (to: number) => {
    if (editing === null) setChosen({ at: to, id: list.rowAt(to)?.id })
    else tell(t('pairs.stillEditing', { id: editing }))
  }
  /** Goes to a pair wherever it is in the list, or shows it alone where the filter hides it. */
  const show = async (id: number, by = order) => {
    const there = await lab.pairs.place.query({ ...filter, ...inOrder(by), id })
    setChosen({ at: there ?? -1, id })
  }
  const [rested] = useDebouncedValue(open, REST)
  useAddress('search', wanted, setSearch)
  useAddress('pair', rested?.toString(), (pair) => {
    if (pair === '') setChosen(FIRST)
    else void show(Number(pair)).catch(tellError)
  })
  const revert = async (which: 'undo' | 'redo') => {
    const id = await review.revert(which)
    if (id !== null) await show(id).catch(tellError)
  }
  const judge = (kind: 'keep' | 'drop') => {
    if (open === undefined) return
    void review.correct(open, { kind })
    go(Math.min(list.total - 1, at + 1))
  }
  const swap = () => {
    if (open !== undefined) void review.correct(open, { kind: 'swap' })
  }
  const onScored = () => {
    const byPolicy = { by: 'policyMargin', descending: false }
    setOrder(byPolicy)
    if (open !== undefined) void show(open, byPolicy).catch(tellError)
  }
  const once = (act: () => void) => (event: KeyboardEvent) => {
    if (!event.repeat) act()
  }
  useKeys([
    ['mod+Z', () => void revert('undo')],
    ['mod+Y', () => void revert('redo')],
    ['mod+shift+Z', () => void revert('redo')],
    ...(editing === null
      ? ([
          ['A', once(() => judge('keep'))],
          ['D', once(() => judge('drop'))],
          ['S', once(swap)],
          ['E', () => setDraft(open === undefined ? null : { id: open, texts: null })],
        ] as const)
      : []),
  ])
  return (
    <Page
      fill
      title={t('views.pairs')}
      about={
        <NativeSelect
          size="xs"
          w="fit-content"
          aria-label={t('pairs.round')}
          value={`${run} ${round}`}
          data={rounds.map((one) => ({
            value: `${one.run} ${one.round}`,
            label: t('pairs.roundName', { run: one.run, round: one.round, count: one.pairs }),
          }))}
          onChange={(event) => {
            const [toRun, toRound] = event.currentTarget.value.split(' ')
            const none = { task: undefined, state: undefined, search: undefined, pair: undefined }
            choose({ run: toRun, round: toRound, ...none })
          }}
        />
      }
      actions={<Tools place={place} editing={editing} revert={revert} onScored={onScored} />}
    >
      {list.error !== null && <Failure error={list.error} />}
      <Split
        of="pairs"
        list={{
          name: t('views.pairs'),
          filters: (
            <>
              <Filters
                tasks={tasks.data ?? []}
                state={state}
                search={search}
                onSearch={setSearch}
                onChange={() => setChosen(FIRST)}
              />
              <ListCount text={t('pairs.count', { count: list.total })} />
            </>
          ),
          content:
            list.known && list.total === 0 ? (
              <Empty icon={GitFork} title={t('pairs.noMatch')} text={t('pairs.noMatchText')} />
            ) : (
              <LongTable
                name={t('views.pairs')}
                columns={columns}
                total={list.total}
                rowAt={list.rowAt}
                onRange={list.onRange}
                chosen={at}
                onChoose={go}
                order={order}
                onOrder={(by) => {
                  setOrder(by)
                  setChosen(FIRST)
                }}
                faint={({ keep }) => !keep}
              />
            ),
        }}
        detail={{
          name: t('pairs.opened'),
          content: open !== undefined && (
            <PairDetail id={open} correct={review.correct} judge={judge} swap={swap} draft={draft} onDraft={setDraft} />
          ),
        }}
      />
    </Page>
  )
}

const FIRST: Chosen = { at: 0, id: undefined }
/** How long what is typed or passed by has to stand before it counts, in milliseconds. */
const REST = 250

function inOrder({ by, descending }: Order) {
  return { sort: by as 'id', descending }
}

/** Has these pairs ready before somebody goes to them. */
function useAhead(ids: readonly (number | undefined)[]): void {
  const client = useQueryClient()
  const wanted = ids.filter((id) => id !== undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is made anew with each drawing, its content counts
  useEffect(() => {
    for (const id of wanted) void client.prefetchQuery(pairQuery(id))
  }, [client, wanted.join(' ')])
}

interface FiltersProps {
  readonly tasks: Answers['pairs']['tasks']
  readonly state: (typeof STATES)[number] | undefined
  readonly search: string
  readonly onSearch: (text: string) => void
  /** Called when any filter has changed. */
  readonly onChange: () => void
}

function Filters({ tasks, state, search, onSearch, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const { query } = usePlace()
  return (
    <>
      <TextInput
        size="xs"
        w={150}
        leftSection={<Search size={14} aria-hidden />}
        placeholder={t('pairs.search')}
        aria-label={t('pairs.search')}
        value={search}
        onChange={(event) => {
          onSearch(event.currentTarget.value)
          onChange()
        }}
      />
      <NativeSelect
        size="xs"
        aria-label={t('pairs.task')}
        value={query.task ?? ''}
        data={[
          { value: '', label: t('pairs.allTasks') },
          ...tasks.map(({ task, count }) => ({ value: task, label: `${taskName(t, task)} (${count})` })),
        ]}
        onChange={(event) => {
          choose({ task: event.currentTarget.value })
          onChange()
        }}
      />
      <NativeSelect
        size="xs"
        aria-label={t('pairs.state')}
        value={state ?? ''}
        data={[
          { value: '', label: t('pairs.allStates') },
          ...STATES.map((one) => ({ value: one, label: t(`pairs.states.${one}`) })),
        ]}
        onChange={(event) => {
          choose({ state: event.currentTarget.value })
          onChange()
        }}
      />
    </>
  )
}

interface ToolsProps {
  readonly place: Round
  /** The pair that is being edited. */
  readonly editing: number | null
  readonly revert: (which: 'undo' | 'redo') => Promise<void>
  /** Called when every pair has its margin under the policy. */
  readonly onScored: () => void
}

/** The review counter, undo and redo, and the way out and in as a file. */
function Tools({ place, editing, revert, onScored }: ToolsProps) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const busy = useJob()?.current == null ? null : t('pairs.busy')
  const stand = useQuery({ queryKey: ['pairs', 'review', place], queryFn: () => lab.pairs.review.query(place) })
  const [coming, setComing] = useState<File | null>(null)
  const reset = useRef<() => void>(null)
  const score = useMutation({
    mutationFn: () => lab.pairs.score.mutate(place),
    onSuccess: ({ pairs }) => {
      tell(t('pairs.scored', { count: pairs }))
      onScored()
    },
    onError: tellError,
    onSettled: () => client.invalidateQueries({ queryKey: ['pairs', 'list'] }),
  })
  const count = stand.data?.count
  const hindrance = busy ?? (editing === null ? null : t('pairs.stillEditing', { id: editing }))
  const file = (name: string) => `/exports/${place.run}/${name}?round=${place.round}`
  return (
    <Group gap="sm">
      {count !== undefined && (
        <div className={classes.counter}>
          <Progress
            flex={1}
            color="var(--chosen)"
            value={(100 * count.reviewed) / Math.max(1, count.pairs)}
            aria-label={t('pairs.reviewProgress')}
          />
          {t('pairs.reviewed', { reviewed: count.reviewed, count: count.pairs })}
        </div>
      )}
      <Tooltip label={t('pairs.undo')}>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={t('pairs.undo')}
          disabled={stand.data?.undo == null}
          onClick={() => void revert('undo')}
        >
          <Undo2 size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('pairs.redo')}>
        <ActionIcon
          variant="default"
          size={30}
          aria-label={t('pairs.redo')}
          disabled={stand.data?.redo == null}
          onClick={() => void revert('redo')}
        >
          <Redo2 size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Button
        size="xs"
        variant="default"
        leftSection={<Gauge size={14} aria-hidden />}
        title={busy ?? t('pairs.scoreNote')}
        disabled={busy !== null}
        loading={score.isPending}
        onClick={() => score.mutate()}
      >
        {t('pairs.score')}
      </Button>
      <FileButton resetRef={reset} onChange={setComing} accept=".jsonl,application/jsonl">
        {(props) => (
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <Button
                size="xs"
                variant="default"
                leftSection={<FileJson size={14} aria-hidden />}
                rightSection={<ChevronDown size={14} aria-hidden />}
              >
                {t('pairs.files')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={file('preferences.jsonl')} download>
                {t('pairs.exportPreferences')}
              </Menu.Item>
              <Menu.Item component="a" href={file('kto.jsonl')} download>
                {t('pairs.exportKto')}
              </Menu.Item>
              <Menu.Item {...props}>{t('pairs.import')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </FileButton>
      {coming !== null && (
        <ImportDialog
          place={place}
          file={coming}
          onClose={() => {
            setComing(null)
            // Or the same file could not be chosen again.
            reset.current?.()
          }}
        />
      )}
      <Button
        size="xs"
        leftSection={<Play size={14} aria-hidden />}
        title={hindrance ?? t('pairs.trainNote')}
        disabled={hindrance !== null}
        onClick={() => void trainAgain(place)}
      >
        {t('pairs.train')}
      </Button>
    </Group>
  )
}
