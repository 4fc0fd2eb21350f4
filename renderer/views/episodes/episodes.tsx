/** All attempts: filters find them, and a replay shows their steps. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Film } from 'lucide-react'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useRuns } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { useAddress, useKnownChoice } from '../../parts/address.ts'
import { Empty } from '../../parts/empty.tsx'
import { numberIn } from '../../parts/number-in.ts'
import { Page } from '../../parts/page.tsx'
import { ListCount, Split } from '../../parts/split.tsx'
import { LongTable } from '../../parts/table/long-table.tsx'
import type { Order } from '../../parts/table/order.ts'
import { type LongList, useLongList } from '../../parts/table/slices.ts'
import { Failure } from '../../shell/failure.tsx'
import { type EpisodeBrief, useEpisodeColumns } from './episode-columns.tsx'
import { EpisodeDetail } from './episode-detail.tsx'
import { EpisodeFilters } from './episode-filters.tsx'
import { choicesOf, type EpisodeGroup, filterOf, OUTCOMES } from './filter.ts'
import { NewAttempts } from './new-attempts.tsx'

/** Milliseconds after the last keystroke before a search starts. */
const REST = 250
/** Rows among which a named episode is looked for. */
const LOOKED_THROUGH = 500
const NO_GROUPS: readonly EpisodeGroup[] = []

export default function Episodes() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [order, setOrder] = useState<Order>({ by: 'id', descending: true })
  const [search, setSearch] = useState(query.search ?? '')
  const [searched] = useDebouncedValue(search, REST)
  const [place, setPlace] = useState(0)
  useAddress('search', searched, setSearch)
  const filter = filterOf(query, searched)
  const list = useLongList<EpisodeBrief>(['episodes', filter, order], (slice) =>
    lab.episodes.list.query({ ...filter, ...slice, sort: order.by as 'id', descending: order.descending }),
  )
  const groups = useGroups(filter.run)
  useKnownFilters(groups)
  const columns = useEpisodeColumns((groups ?? []).some(({ arm, round }) => arm === '' && round > 1))
  const named = numberIn(query.episode)
  useKnownChoice('episode', named === undefined ? [] : undefined)
  const id = named ?? list.rowAt(place)?.id
  const toFirst = useCallback(() => setPlace(0), [])
  const open = (index: number) => {
    setPlace(index)
    choose({ episode: list.rowAt(index)?.id })
  }
  return (
    <Page fill title={t('views.episodes')} about={t('episodes.about')}>
      {list.error !== null && <Failure error={list.error} />}
      <Split
        of="episodes"
        list={{
          name: t('views.episodes'),
          filters: (
            <>
              <EpisodeFilters groups={groups ?? NO_GROUPS} search={search} onSearch={setSearch} onChange={toFirst} />
              <NewAttempts />
              <ListCount text={list.known ? t('episodes.count', { count: list.total }) : null} />
            </>
          ),
          content:
            list.known && list.total === 0 ? (
              <NoEpisode filtered={Object.keys(filter).length > 0} />
            ) : (
              <LongTable
                name={t('views.episodes')}
                columns={columns}
                total={list.total}
                rowAt={list.rowAt}
                onRange={list.onRange}
                chosen={named === undefined ? place : placeOf(named, place, list)}
                onChoose={open}
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
              <EpisodeDetail key={id} id={id} />
            ),
        }}
      />
    </Page>
  )
}

/** The values to filter by, in one run or in all; undefined until the lab's latest answer is there. */
function useGroups(run: number | undefined): readonly EpisodeGroup[] | undefined {
  const of = run === undefined ? {} : { run }
  const { data } = useQuery({
    queryKey: ['episodes', 'groups', of],
    queryFn: () => lab.episodes.groups.query(of),
    refetchOnMount: 'always',
  })
  return data
}

/** Takes filters out of the address that no episode has. */
function useKnownFilters(groups: readonly EpisodeGroup[] | undefined): void {
  const runs = useRuns()
  const choices = groups === undefined ? undefined : choicesOf(groups)
  useKnownChoice('run', runs.isFetching ? undefined : runs.data?.map(({ id }) => String(id)))
  useKnownChoice('stage', choices?.stages)
  useKnownChoice('round', choices?.rounds)
  useKnownChoice('arm', choices === undefined ? undefined : ['', ...choices.arms])
  useKnownChoice('task', choices?.tasks)
  useKnownChoice('outcome', OUTCOMES)
}

/** The place of an episode in the list: the one where it was chosen, or among the first rows; -1 where it is elsewhere. */
function placeOf(id: number, place: number, { rowAt, total }: LongList<EpisodeBrief>): number {
  if (rowAt(place)?.id === id) return place
  for (let at = 0; at < Math.min(total, LOOKED_THROUGH); at++) if (rowAt(at)?.id === id) return at
  return -1
}

function NoEpisode({ filtered }: { readonly filtered: boolean }) {
  const { t } = useTranslation()
  return (
    <Empty
      icon={Film}
      title={t(filtered ? 'episodes.noMatch' : 'episodes.none')}
      text={t(filtered ? 'episodes.noMatchText' : 'episodes.noneText')}
    />
  )
}
