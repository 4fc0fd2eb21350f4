/** The runs as a table, with outcome and result. */
import { Checkbox } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { RunBrief } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { duration, moment, percent } from '../../parts/figures.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { Panel } from '../../parts/page.tsx'
import { Status, type StatusName } from '../../parts/status.tsx'
import { RunActions } from './run-actions.tsx'
import classes from './runs.module.css'

interface Props {
  readonly runs: readonly RunBrief[]
  readonly marked: readonly number[]
  readonly onMark: (run: number, on: boolean) => void
}

export function RunTable({ runs, marked, onMark }: Props) {
  const { t } = useTranslation()
  return (
    <Panel flush title={t('runs.history')} note={t('runs.historyNote')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.runs}>
          <thead>
            <tr>
              <th scope="col">
                <span className="hidden-words">{t('runs.mark')}</span>
              </th>
              <th scope="col">{t('runs.run')}</th>
              <th scope="col">{t('runs.what')}</th>
              <th scope="col">{t('runs.status')}</th>
              <th scope="col">{t('runs.begun')}</th>
              <th scope="col" className="number">
                {t('runs.time')}
              </th>
              <th scope="col" className="number">
                {t('runs.seed')}
              </th>
              <th scope="col">{t('runs.outcome')}</th>
              <th scope="col">
                <span className="hidden-words">{t('runs.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <RunRow key={run.id} run={run} marked={marked.includes(run.id)} onMark={(on) => onMark(run.id, on)} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface RunRowProps {
  readonly run: RunBrief
  readonly marked: boolean
  readonly onMark: (on: boolean) => void
}

function RunRow({ run, marked, onMark }: RunRowProps) {
  const { t, i18n } = useTranslation()
  const say = useSay()
  const row = useRef<HTMLTableRowElement>(null)
  useFocusHandedOn(row)
  const { sft, dpo } = run.success ?? {}
  return (
    <tr ref={row} aria-selected={marked}>
      <td>
        <Checkbox
          size="xs"
          checked={marked}
          onChange={(event) => onMark(event.currentTarget.checked)}
          aria-label={t('runs.markRun', { run: run.id })}
        />
      </td>
      <th scope="row">
        <a href={hrefOf('pipeline', { run: run.id })}>
          {run.id} · {run.name}
        </a>
      </th>
      <td>{t(`command.${run.command}` as 'command.sft', { defaultValue: run.command })}</td>
      <td>{run.status === 'interrupted' ? t('runs.interrupted') : <Status status={run.status as StatusName} />}</td>
      <td>{moment(run.started, i18n.language)}</td>
      <td className="number">{duration(run.seconds)}</td>
      <td className="number">{run.seed}</td>
      <td>
        {sft !== undefined && dpo !== undefined ? (
          <a href={hrefOf('results', { run: run.id })}>
            SFT {percent(sft)} → DPO {percent(dpo)}
          </a>
        ) : (
          <span className="soft">{run.told?.line != null && say(run.told.line)}</span>
        )}
        {run.failure !== null && (
          <span className={`${classes.failure} rejected`} title={say(run.failure)}>
            {say(run.failure)}
          </span>
        )}
      </td>
      <td>
        <RunActions run={run} />
      </td>
    </tr>
  )
}
