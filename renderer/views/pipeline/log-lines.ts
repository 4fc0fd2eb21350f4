/** The lines of a run's log, as they are read and searched. */
import type { TFunction } from 'i18next'
import type { LogLine as Logged } from '../../../main/rpc/job.ts'
import type { useSay } from '../../i18n/say.ts'
import { duration } from '../../parts/figures.ts'

/** What results hold is not the log's to show. */
type WithoutResult<Event> = Event extends unknown ? Omit<Event, 'result'> : never
export type LogLine = Omit<Logged, 'event'> & { readonly event: WithoutResult<Logged['event']> }

/** A line of the view: one of several where a message has several. */
export type TextLine = LogLine & { readonly text: string }

/** The lines that hold a search, in any case; all of them where it is empty. */
export function linesWith(search: string, lines: readonly TextLine[]): readonly TextLine[] {
  const wanted = search.trim().toLowerCase()
  return wanted === '' ? lines : lines.filter(({ text }) => text.toLowerCase().includes(wanted))
}

/** The line as text; a message of several lines gives several. */
export function textsOf(t: TFunction, say: ReturnType<typeof useSay>, { event }: LogLine): string[] {
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
