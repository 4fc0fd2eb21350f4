/** The log of a run, which grows while the run goes on and can be searched. */
import { Text } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { TriangleAlert } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isWarning } from '../../../main/messages/warnings.ts'
import { useSay } from '../../i18n/say.ts'
import { clock } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { StatusSign } from '../../parts/status.tsx'
import classes from './log.module.css'
import { linesWith, type TextLine, textsOf } from './log-lines.ts'
import { useRunLog } from './run-log.ts'

const LINE_HEIGHT = 22

export function Log({ run }: { readonly run: number | null }) {
  const { t } = useTranslation()
  const say = useSay()
  const lines = useRunLog(run)
  const [search, setSearch] = useState('')
  const texts = useMemo(
    () => lines.flatMap((line) => textsOf(t, say, line).map((text) => ({ ...line, text }))),
    [t, say, lines],
  )
  const found = useMemo(() => linesWith(search, texts), [search, texts])
  return (
    <Panel
      flush
      title={t('pipeline.log')}
      actions={<SearchField label={t('pipeline.searchLog')} width={180} value={search} onChange={setSearch} />}
    >
      <Lines lines={found} empty={t(search === '' ? 'pipeline.emptyLog' : 'pipeline.noLine')} />
    </Panel>
  )
}

/** The lines. A reader at the end stays there while lines are added. `empty` is shown where there are none. */
function Lines({ lines, empty }: { readonly lines: readonly TextLine[]; readonly empty: string }) {
  const { t } = useTranslation()
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    paddingStart: 6,
    paddingEnd: 6,
    overscan: 12,
  })
  useEffect(() => {
    if (atEnd.current && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: 'end' })
  }, [rows, lines.length])
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="log"
      aria-live="off"
      aria-label={t('pipeline.log')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 2 * LINE_HEIGHT
      }}
    >
      {lines.length === 0 && (
        <Text c="dimmed" p="md">
          {empty}
        </Text>
      )}
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={classes.line}
            data-kind={lines[index]!.event.event}
            style={{ transform: `translateY(${start}px)` }}
          >
            <LineText line={lines[index]!} />
          </div>
        ))}
      </div>
    </div>
  )
}

/** The time, the outcome where a stage ended, and the text. */
function LineText({ line: { time, event, text } }: { readonly line: TextLine }) {
  const { t, i18n } = useTranslation()
  return (
    <>
      <span className="soft">{clock(time, i18n.language)}</span>
      <span className={classes.sign}>
        {event.event === 'message' && isWarning(event) && (
          <TriangleAlert size={13} className="rejected" role="img" aria-label={t('pipeline.warning')} />
        )}
        {event.event === 'stage' && event.status !== 'running' && <StatusSign size={13} status={event.status} />}
      </span>
      <span className="wrap">{text}</span>
    </>
  )
}
