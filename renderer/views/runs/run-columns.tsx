/** The columns of the table of runs: those that a reader can choose, each with the value that it is sorted by. */
import type { TFunction } from 'i18next'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { RunBrief } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { duration, moment, shortMoment } from '../../parts/figures.ts'
import { armColour } from '../../parts/interval.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { Status, type StatusName } from '../../parts/status.tsx'
import type { Column } from '../../parts/table/column.ts'
import type { SortValue } from '../../parts/table/order.ts'
import classes from './runs.module.css'

/** A column with the value by which the table is sorted by it. */
export interface RunColumn extends Column<RunBrief> {
  readonly value: (run: RunBrief) => SortValue
}

/** Columns of what the lab knows of every run. */
export const FACTS = [
  'command',
  'status',
  'started',
  'time',
  'seed',
  'model',
  'tasks',
  'rounds',
  'tags',
  'note',
  'result',
] as const
export type Fact = (typeof FACTS)[number]

/** Ids of the columns of a policy's success, and of a setting. */
const RATE = 'rate.'
const SETTING = 'set.'
export const rateColumn = (arm: string) => `${RATE}${arm}`
export const settingColumn = (key: string) => `${SETTING}${key}`

/** The settings among the columns. */
export function settingsIn(columns: readonly string[]): string[] {
  return columns.filter((id) => id.startsWith(SETTING)).map((id) => id.slice(SETTING.length))
}

/** The name of a column for readers. */
export function columnName(t: TFunction, id: string): string {
  const fact = FACTS.find((one) => one === id)
  if (fact !== undefined) return t(`runs.columns.${fact}`)
  if (id.startsWith(RATE)) return armName(t, id.slice(RATE.length))
  return id.slice(SETTING.length)
}

/** The values of settings in every run, in the order of the keys. */
export interface SettingValues {
  readonly keys: readonly string[]
  readonly values: Readonly<Record<number, readonly unknown[]>>
}

/** The columns with these ids, in this order. Unknown ids are left out. */
export function useRunColumns(ids: readonly string[], settings: SettingValues): readonly RunColumn[] {
  const { t } = useTranslation()
  const facts = useFacts()
  return useMemo(
    () =>
      ids.flatMap((id): RunColumn[] => {
        if (id.startsWith(RATE)) return [rateOf(t, id.slice(RATE.length))]
        if (id.startsWith(SETTING)) return [settingOf(id.slice(SETTING.length), settings)]
        const fact = FACTS.find((one) => one === id)
        return fact === undefined ? [] : [{ id, label: columnName(t, id), sortable: true, ...facts[fact] }]
      }),
    [t, ids, settings, facts],
  )
}

type FactColumn = Omit<RunColumn, 'id' | 'label'>

function useFacts(): Readonly<Record<Fact, FactColumn>> {
  const { t, i18n } = useTranslation()
  const say = useSay()
  return useMemo(() => {
    const command = (name: string) => t(`command.${name}` as 'command.sft', { defaultValue: name })
    const number = (width: string, value: (run: RunBrief) => number): FactColumn => ({
      width,
      number: true,
      value,
      cell: value,
    })
    const text = (width: string, value: (run: RunBrief) => string): FactColumn => ({ width, value, cell: value })
    const result = ({ failure, told }: RunBrief): string =>
      failure !== null ? say(failure) : told !== null ? say(told) : ''
    return {
      command: text('100px', (run) => command(run.command)),
      status: { width: '84px', value: ({ status }) => status, cell: ({ status }) => <RunState status={status} /> },
      started: {
        width: '104px',
        value: ({ started }) => started,
        cell: ({ started }) => (
          <span title={moment(started, i18n.language)}>{shortMoment(started, i18n.language)}</span>
        ),
      },
      time: {
        ...number('68px', ({ seconds }) => seconds),
        cell: ({ seconds }) => duration(seconds),
      },
      seed: number('44px', ({ seed }) => seed),
      model: text('minmax(140px, 0.6fr)', ({ model }) => model),
      tasks: number('60px', ({ tasks }) => tasks),
      rounds: number('66px', ({ rounds }) => rounds),
      tags: { width: 'minmax(60px, 0.5fr)', value: ({ tags }) => tags.join(' ') || null, cell: tagMarks },
      note: text('minmax(140px, 0.8fr)', ({ note }) => note),
      result: {
        width: 'minmax(120px, 1fr)',
        value: (run) => result(run) || null,
        cell: (run) => (
          <span className={run.failure === null ? 'soft' : 'rejected'} title={result(run)}>
            {result(run)}
          </span>
        ),
      },
    }
  }, [t, i18n.language, say])
}

function RunState({ status }: Pick<RunBrief, 'status'>) {
  const { t } = useTranslation()
  return status === 'interrupted' ? t('runs.interrupted') : <Status status={status as StatusName} />
}

function tagMarks({ tags }: Pick<RunBrief, 'tags'>): ReactNode {
  return tags.length === 0
    ? ''
    : tags.map((tag) => (
        <span key={tag} className={classes.tag}>
          {tag}
        </span>
      ))
}

function rateOf(t: TFunction, arm: string): RunColumn {
  return {
    id: rateColumn(arm),
    label: armName(t, arm),
    width: '112px',
    sortable: true,
    value: ({ rates }) => rates?.[arm]?.success ?? null,
    cell: ({ id, rates }) => {
      const rate = rates?.[arm]
      if (rate === undefined) return ''
      return (
        <a href={hrefOf('results', { run: id })} className={classes.rateLink}>
          <RateCell rate={rate} colour={armColour(arm)} title={`n = ${rate.n}`} />
        </a>
      )
    },
  }
}

function settingOf(key: string, { keys, values }: SettingValues): RunColumn {
  const at = keys.indexOf(key)
  const of = (run: RunBrief) => values[run.id]?.[at] ?? null
  return {
    id: settingColumn(key),
    label: key.split('.').slice(-2).join('.'),
    width: 'minmax(90px, 0.4fr)',
    sortable: true,
    value: (run) => {
      const value = of(run)
      return typeof value === 'number' || value === null ? value : written(value)
    },
    cell: (run) => written(of(run)),
  }
}

/** A setting's value for readers. */
export function written(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : value === null ? '–' : String(value)
}
