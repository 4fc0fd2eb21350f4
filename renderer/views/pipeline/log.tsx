/** What a run said, line by line as it says it; searchable. */
import { Text, TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { TFunction } from 'i18next'
import { Search } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogLine as Logged } from '../../../main/rpc/job.ts'
import { lab, useStream } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { duration } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { StatusSign } from '../../parts/status.tsx'
import classes from './log.module.css'

/** What results hold is not the log's to show. */
type Told<Event> = Event extends unknown ? Omit<Event, 'result'> : never
type LogLine = Omit<Logged, 'event'> & { readonly event: Told<Logged['event']> }

const LINE_HEIGHT = 22

export function Log({ run }: { readonly run: number | null }) {
  const { t, i18n } = useTranslation()
  const say = useSay()
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const [search, setSearch] = useState('')
  useStream(() => {
    setLines([])
    if (run === null) return null
    // Lines come one by one, many at once after a reload: a render for each of them would be felt.
    let waiting: LogLine[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = () => {
      timer = undefined
      const more = waiting
      waiting = []
      setLines((before) => [...before, ...more])
    }
    const subscription = lab.job.events.subscribe(
      { run, lastEventId: 0 },
      {
        onData({ data }) {
          waiting.push(data)
          timer ??= setTimeout(flush, 60)
        },
      },
    )
    return {
      unsubscribe() {
        clearTimeout(timer)
        subscription.unsubscribe()
      },
    }
  }, [run])
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    return lines
      .flatMap((line) => textOf(t, say, line).map((text) => ({ ...line, text })))
      .filter(({ text }) => wanted === '' || text.toLowerCase().includes(wanted))
  }, [t, say, lines, search])
  const scroller = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    paddingStart: 6,
    paddingEnd: 6,
    overscan: 12,
  })
  useEffect(() => {
    if (atEnd.current && shown.length > 0) rows.scrollToIndex(shown.length - 1, { align: 'end' })
  }, [rows, shown.length])
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium', hourCycle: 'h23' })
  return (
    <Panel
      flush
      title={t('pipeline.log')}
      actions={
        <TextInput
          size="xs"
          w={180}
          leftSection={<Search size={14} aria-hidden />}
          placeholder={t('pipeline.searchLog')}
          aria-label={t('pipeline.searchLog')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      <div
        ref={scroller}
        className={classes.scroller}
        role="log"
        aria-live="off"
        aria-label={t('pipeline.log')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 2 * LINE_HEIGHT
        }}
      >
        {shown.length === 0 && (
          <Text c="dimmed" p="md">
            {t(search === '' ? 'pipeline.emptyLog' : 'pipeline.noLine')}
          </Text>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const line = shown[row.index]!
            return (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className={classes.line}
                data-kind={line.event.event}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <span className="soft">{time.format(line.time)}</span>
                <span className={classes.sign}>
                  {line.event.event === 'stage' && line.event.status !== 'running' && (
                    <StatusSign size={13} status={line.event.status} />
                  )}
                </span>
                <span className="wrap">{line.text}</span>
              </div>
            )
          })}
        </div>
      </div>
    </Panel>
  )
}

/** The line as text; a message of several lines gives several. */
function textOf(t: TFunction, say: ReturnType<typeof useSay>, { event }: LogLine): string[] {
  switch (event.event) {
    case 'run': {
      const command = t(`command.${event.command}` as 'command.sft', { defaultValue: event.command })
      return [t(event.resumed ? 'pipeline.told.resumed' : 'pipeline.told.run', { run: event.run, command })]
    }
    case 'stage': {
      const name = t(`stage.${event.stage}` as 'stage.sft', { defaultValue: event.stage })
      const stage = event.round > 0 ? t('job.round', { stage: name, round: event.round }) : name
      const status = t(`status.${event.status}`)
      return [
        event.status === 'running' ? stage : t('pipeline.told.stage', { stage, status, time: duration(event.seconds) }),
      ]
    }
    case 'message':
      // The whole table stands in Results.
      return event.id === 'resultsTable' ? [] : say(event).split('\n')
    case 'end': {
      const status = t(`status.${event.status}`)
      return [
        t('pipeline.told.end', { run: event.run, status, time: duration(event.seconds) }),
        ...(event.error === null ? [] : say(event).split('\n')),
      ]
    }
  }
}
