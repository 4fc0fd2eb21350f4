/** All attempts: filters find them, and a replay shows their steps. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Film } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { choose, usePlace } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Page } from '../../parts/page.tsx'
import { ListCount, Split } from '../../parts/split.tsx'
import { LongTable } from '../../parts/table/long-table.tsx'
import type { Order } from '../../parts/table/order.ts'
import { useLongList } from '../../parts/table/slices.ts'
import { Failure } from '../../shell/failure.tsx'
import { type EpisodeBrief, useEpisodeColumns } from './episode-columns.tsx'
import { EpisodeDetail } from './episode-detail.tsx'
import { EpisodeFilters } from './episode-filters.tsx'
import { type EpisodeGroup, filterOf } from './filter.ts'

/** Milliseconds after the last keystroke before a search starts. */
const REST = 250

export default function Episodes() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [order, setOrder] = useState<Order>({ by: 'id', descending: true })
  const [search, setSearch] = useState('')
  const [searched] = useDebouncedValue(search, REST)
  const [place, setPlace] = useState(0)
  const filter = filterOf(query, searched)
  const list = useLongList<EpisodeBrief>(['episodes', filter, order], (slice) =>
    lab.episodes.list.query({ ...filter, ...slice, sort: order.by as 'id', descending: order.descending }),
  )
  const groups = useGroups(filter.run)
  const columns = useEpisodeColumns(groups.some(({ arm, round }) => arm === '' && round > 1))
  const id = query.episode === undefined ? list.rowAt(place)?.id : Number(query.episode)
  const open = (index: number) => {
    setPlace(index)
    choose({ episode: undefined })
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
              <EpisodeFilters groups={groups} search={search} onSearch={setSearch} onChange={() => setPlace(0)} />
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
                chosen={place}
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

/** The values to filter by, in one run or in all. */
function useGroups(run: number | undefined): readonly EpisodeGroup[] {
  const of = run === undefined ? {} : { run }
  return useQuery({ queryKey: ['episodes', 'groups', of], queryFn: () => lab.episodes.groups.query(of) }).data ?? []
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
