/** Preference pairs: a table of thousands, in which the reader reads, judges and corrects each pair. */
import { Button } from '@mantine/core'
import { GitFork } from 'lucide-react'
import { type ComponentProps, useCallback, useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Answers, type Round, useRounds } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { ListCount, Split } from '../../parts/split.tsx'
import { Failure } from '../../shell/failure.tsx'
import { usePairDraft } from '../../state/pair-drafts.ts'
import { useRound } from './address.ts'
import { Annotators } from './annotators.tsx'
import { Bulk } from './bulk.tsx'
import { useJudging } from './judging.ts'
import { pairActions } from './pair-actions.ts'
import { PairDetail } from './pair-detail.tsx'
import { PairFilters } from './pair-filters.tsx'
import { usePairKeys } from './pair-keys.ts'
import { usePairList } from './pair-list.ts'
import { PairTable } from './pair-table.tsx'
import { useReview } from './review.ts'
import { RoundSelect } from './round-select.tsx'
import { Toolbar } from './toolbar.tsx'

export default function Pairs() {
  const { t } = useTranslation()
  const rounds = useRounds()
  const shown = useRound(rounds.data ?? [])
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
  if (rounds.data === undefined || shown === undefined) return <Loading />
  // Without its counts, which change during a review: the round is part of query keys.
  const { run, round } = shown
  return <RoundReview key={`${run} ${round}`} rounds={rounds.data} round={{ run, round }} />
}

interface Props {
  readonly rounds: Answers['pairs']['rounds']
  readonly round: Round
}

function RoundReview({ rounds, round }: Props) {
  const { t } = useTranslation()
  const [draft, setDraft] = usePairDraft(round)
  const editing = draft?.id ?? null
  const { annotator, verdicts } = useJudging(round)
  const review = useReview(round, annotator)
  const [marked, onMark, onUnmark] = useMarks()
  const list = usePairList(round, editing)
  const actions = pairActions(list, review, setDraft)
  usePairKeys(actions, editing !== null)
  const { rows, open } = list
  const onScored = () => {
    const byPolicy = { by: 'policyMargin', descending: false }
    list.sortBy(byPolicy)
    if (open !== undefined) void list.show(open, byPolicy)
  }
  const detail = useUnhurried({ id: open, correct: review.correct, verdicts, actions, draft, onDraft: setDraft })
  return (
    <Page
      fill
      title={t('views.pairs')}
      about={<RoundSelect rounds={rounds} round={round} />}
      actions={
        <Toolbar round={round} annotator={annotator} editing={editing} revert={actions.revert} onScored={onScored} />
      }
    >
      {rows.error !== null && <Failure error={rows.error} />}
      <Split
        of="pairs"
        list={{
          name: t('views.pairs'),
          filters: (
            <>
              <PairFilters round={round} search={list.search} onSearch={list.setSearch} onChange={list.toFirst} />
              <Bulk
                filter={list.filter}
                total={rows.total}
                marked={marked}
                onUnmark={onUnmark}
                review={review}
                revert={actions.revert}
              />
              <Annotators round={round} annotator={annotator} />
              <ListCount text={rows.known ? t('pairs.count', { count: rows.total }) : null} />
            </>
          ),
          content: <PairTable list={list} marked={marked} onMark={onMark} verdicts={verdicts} />,
        }}
        detail={{
          name: t('pairs.opened'),
          content: detail.id !== undefined && <PairDetail {...detail} id={detail.id} />,
        }}
      />
    </Page>
  )
}

type Detail = Omit<ComponentProps<typeof PairDetail>, 'id'> & { readonly id: number | undefined }

/**
 * The open pair takes longer to draw than the list, so it follows in the background, and the list answers the next key at once.
 * Until then the pair before stays with its own actions. What is typed shows at once.
 */
function useUnhurried(detail: Detail): Detail {
  const later = useDeferredValue<Detail>(detail, { ...detail, id: undefined })
  return detail.draft === null && later.draft === null ? later : detail
}

/** Marked pairs, a function that marks one, and one that removes all marks. */
function useMarks(): [marked: ReadonlySet<number>, onMark: (pair: number, on: boolean) => void, onUnmark: () => void] {
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set())
  const onMark = useCallback(
    (pair: number, on: boolean) =>
      setMarked((before) => {
        const next = new Set(before)
        if (on) next.add(pair)
        else next.delete(pair)
        return next
      }),
    [],
  )
  return [marked, onMark, useCallback(() => setMarked(new Set()), [])]
}
