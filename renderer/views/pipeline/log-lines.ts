/** The lines of a run's log, as they are shown and searched. */
import type { TFunction } from 'i18next'
import type { LogLine as Logged } from '../../../main/rpc/job.ts'
import type { useSay } from '../../i18n/say.ts'
import { duration } from '../../parts/figures.ts'

/** The log does not show the results that events carry. */
type WithoutResult<Event> = Event extends unknown ? Omit<Event, 'result'> : never
export type LogLine = Omit<Logged, 'event'> & { readonly event: WithoutResult<Logged['event']> }

/** A line of the view. A message of several lines gives several of these. */
export type TextLine = LogLine & { readonly text: string }

/** The lines that contain the search, in any case; all lines where it is empty. */
export function linesWith(search: string, lines: readonly TextLine[]): readonly TextLine[] {
  const wanted = search.trim().toLowerCase()
  return wanted === '' ? lines : lines.filter(({ text }) => text.toLowerCase().includes(wanted))
}

/** The text of a line. A message of several lines gives several. */
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
      // The Results view shows the whole table.
      return event.id === 'resultsTable' ? [] : say(event).split('\n')
    case 'end': {
      const status = t(`status.${event.status}`)
      return [
        t('pipeline.told.end', { run: event.run, status, time: duration(event.seconds) }),
        ...(event.error === null ? [] : say(event).split('\n')),
      ]
    }
    default:
      // Another version of the lab may log other events.
      return []
  }
}
