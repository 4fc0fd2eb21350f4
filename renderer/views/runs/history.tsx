/** Every run: how it ended, what came of it; two of them held against each other; one deleted, and brought back. */
import { ActionIcon, Button, Checkbox, Group, Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Ellipsis, FolderTree } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { isUnfinished, type RunBrief, useRuns } from '../../lab.ts'
import { goTo, hrefOf } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { duration, moment, percent } from '../../parts/figures.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { stageLine } from '../../parts/stage-line.ts'
import { Status, type StatusName } from '../../parts/status.tsx'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { again, resume } from '../../start.ts'
import { Deleted } from './deleted.tsx'
import classes from './runs.module.css'
import { Differences, RunSettings } from './settings.tsx'

export function RunHistory() {
  const { t } = useTranslation()
  const runs = useRuns()
  const [marked, setMarked] = useState<readonly number[]>([])
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined) return <Loading />
  if (runs.data.length === 0) {
    return (
      <>
        <Empty icon={FolderTree} title={t('runs.none')} text={t('runs.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
        <Deleted />
      </>
    )
  }
  const known = marked.filter((id) => runs.data.some((run) => run.id === id))
  // The older one stands left: what has changed reads from left to right.
  const [a, b] = [...known].sort((one, other) => one - other)
  return (
    <>
      <Panel flush title={t('runs.history')} note={t('runs.historyNote')}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
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
              {runs.data.map((run) => (
                <Line
                  key={run.id}
                  run={run}
                  marked={known.includes(run.id)}
                  onMark={(on) => setMarked(on ? [...known.slice(-1), run.id] : known.filter((id) => id !== run.id))}
                />
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {a !== undefined && b !== undefined && <Differences a={a} b={b} />}
      {a !== undefined && b === undefined && <RunSettings run={a} />}
      <Deleted />
    </>
  )
}

interface LineProps {
  readonly run: RunBrief
  readonly marked: boolean
  readonly onMark: (on: boolean) => void
}

function Line({ run, marked, onMark }: LineProps) {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const job = useJob()
  const busy = job?.current != null
  const unfinished = isUnfinished(run)
  const line = useRef<HTMLTableRowElement>(null)
  useFocusHandedOn(line)
  const restore = () =>
    void lab.runs.restore
      .mutate({ run: run.id })
      .then(() => client.invalidateQueries())
      .catch(tellError)
  const remove = async () => {
    try {
      await lab.runs.delete.mutate({ run: run.id })
      await client.invalidateQueries()
      tell(t('runs.deleted', { run: run.id }), restore)
    } catch (error) {
      tellError(error)
    }
  }
  const { sft, dpo } = run.success ?? {}
  return (
    <tr ref={line} aria-selected={marked}>
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
            SFT {percent(sft)} → <b className="chosen">DPO {percent(dpo)}</b>
          </a>
        ) : (
          <span className="soft">{run.told !== null && stageLine(t, run.told)}</span>
        )}
      </td>
      <td>
        <Group gap="xs" wrap="nowrap" justify="flex-end">
          {unfinished && (
            <Button size="compact-xs" variant="default" disabled={busy} onClick={() => void resume(run.id)}>
              {t('runs.resume')}
            </Button>
          )}
          <Menu position="bottom-end" shadow="md" returnFocus>
            <Menu.Target>
              <ActionIcon variant="subtle" aria-label={t('runs.more', { run: run.id })}>
                <Ellipsis size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => goTo('training', { run: run.id })}>{t('pipeline.look.training')}</Menu.Item>
              <Menu.Item onClick={() => goTo('pairs', { run: run.id })}>{t('pipeline.look.pairs')}</Menu.Item>
              <Menu.Item onClick={() => goTo('episodes', { run: run.id })}>{t('runs.episodes')}</Menu.Item>
              <Menu.Item disabled={busy} onClick={() => void again(run.id)}>
                {t('pipeline.again')}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => void remove()}>{t('runs.delete')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </td>
    </tr>
  )
}
