/** The problems behind the paired outcomes; one opens the two episodes side by side. */
import { Button, Group, NativeSelect, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../main/messages/message.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { Panel } from '../../parts/page.tsx'
import { KeptReplay } from '../../parts/replay/kept.tsx'
import { OutcomeMark } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'
import { LongTable } from '../../parts/table/long-table.tsx'
import { useLongList } from '../../parts/table/slices.ts'
import classes from './results.module.css'
import type { Results } from './results.tsx'

/** Its id, for what opens it. */
export const PROBLEMS = 'problems'
const KINDS = ['won', 'lost', 'both', 'neither'] as const
type Row = Answers['results']['outcomes']['rows'][number]

interface Props {
  readonly run: number
  readonly against: Results['against']
}

/** Shown when a kind of outcome or a task was chosen elsewhere on the page. */
export function Outcomes({ run, against }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const kind = KINDS.find((one) => one === query.kind)
  const other = query.against !== undefined && query.against in against ? query.against : 'sft'
  const arm = against[other]?.arm ?? 'dpo'
  const filter = {
    run,
    a: arm,
    b: other,
    ...(kind === undefined ? {} : { kind }),
    ...(query.task === undefined ? {} : { task: query.task }),
  }
  const shown = kind !== undefined || query.task !== undefined
  // A row is chosen in one list; in the next one the first is.
  const key = JSON.stringify(filter)
  const [chosen, setChosen] = useState({ key, at: 0 })
  const at = chosen.key === key ? chosen.at : 0
  const list = useLongList<Row>(['results', 'outcomes', filter, shown], (slice) =>
    shown ? lab.results.outcomes.query({ ...filter, ...slice }) : Promise.resolve({ rows: [], total: 0 }),
  )
  const columns = useColumns(arm, other)
  if (!shown) return null
  const row = list.rowAt(at)
  const names = { arm: armName(t, arm), other: armName(t, other) }
  const count = t('results.problemCount', { count: list.total })
  return (
    <Panel
      id={PROBLEMS}
      flush
      title={t('results.problems', names)}
      note={query.task === undefined ? count : `${query.task} · ${count}`}
      actions={
        <Group gap="sm">
          <NativeSelect
            size="xs"
            aria-label={t('results.kind')}
            value={kind ?? ''}
            data={[
              { value: '', label: t('results.allKinds') },
              ...KINDS.map((one) => ({ value: one, label: t(`results.solvedBy.${one}`, names) })),
            ]}
            onChange={(event) => choose({ kind: event.currentTarget.value })}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<X size={14} aria-hidden />}
            onClick={() => choose({ kind: undefined, task: undefined, against: undefined })}
          >
            {t('app.close')}
          </Button>
        </Group>
      }
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
            onChoose={(row) => setChosen({ key, at: row })}
          />
        </div>
        {row === undefined ? (
          <Text c="dimmed" p="md">
            {list.total > 0 || !list.known ? '' : t('results.noProblem')}
          </Text>
        ) : (
          <Both key={`${row.a} ${row.b}`} row={row} names={names} arm={arm} other={other} />
        )}
      </div>
    </Panel>
  )
}

interface BothProps {
  readonly row: Row
  /** Of the two policies: as people call them, and as arms. */
  readonly names: { readonly arm: string; readonly other: string }
  readonly arm: string
  readonly other: string
}

/** The two episodes, moved together. */
function Both({ row, names, arm, other }: BothProps) {
  const [at, setAt] = useState(0)
  return (
    <div className={classes.both2}>
      <section aria-label={names.arm} style={{ borderTop: `2px solid ${armColour(arm)}` }}>
        <h3>{names.arm}</h3>
        <One id={row.a} at={at} onAt={setAt} />
      </section>
      <section aria-label={names.other} style={{ borderTop: `2px dashed ${armColour(other)}` }}>
        <h3>{names.other}</h3>
        <One id={row.b} at={at} onAt={setAt} />
      </section>
    </div>
  )
}

function One({ id, at, onAt }: { readonly id: number; readonly at: number; readonly onAt: (at: number) => void }) {
  const { data } = useQuery({ queryKey: ['episode', id], queryFn: () => lab.episodes.get.query({ id }) })
  return data === undefined ? null : <KeptReplay episode={data} at={at} onAt={onAt} alone={false} film />
}

function useColumns(arm: string, other: string): readonly Column<Row>[] {
  const { t } = useTranslation()
  const say = useSay()
  return useMemo(() => {
    const solved = (isSolved: boolean, why: Message) => (
      <span title={say(why)}>
        <OutcomeMark outcome={isSolved ? 'success' : 'failure'} />
      </span>
    )
    return [
      { id: 'task', label: t('episodes.task'), width: 'minmax(110px, 1fr)', cell: ({ task }) => task },
      { id: 'seed', label: t('episodes.seed'), width: '76px', number: true, cell: ({ seed }) => seed },
      {
        id: 'a',
        label: armName(t, arm),
        width: 'minmax(90px, 1fr)',
        cell: ({ kind, whyA }) => solved(kind === 'won' || kind === 'both', whyA),
      },
      {
        id: 'b',
        label: armName(t, other),
        width: 'minmax(90px, 1fr)',
        cell: ({ kind, whyB }) => solved(kind === 'lost' || kind === 'both', whyB),
      },
    ]
  }, [t, say, arm, other])
}
