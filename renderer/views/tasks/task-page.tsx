/** A task over all runs and rounds: success of every policy, pairs, and why attempts failed. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Film, Pencil } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { message } from '../../../main/messages/message.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { type Answers, type RunBrief, useRuns, useTasks } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { armName, armsOf } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { useGrowing } from '../../parts/growing.ts'
import { armColour } from '../../parts/interval.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { runName } from '../../parts/run-colour.ts'
import { Head } from '../../parts/table/head.tsx'
import { Failure } from '../../shell/failure.tsx'
import { AllTasks } from './all-tasks.tsx'
import classes from './tasks.module.css'

type Played = Answers['tasks']['get']
type Round = Played['rounds'][number]

/** Causes shown. */
const MOST = 12

export function TaskPage({ task }: { readonly task: string }) {
  const { t } = useTranslation()
  const tasks = useTasks()
  const info = tasks.find(({ name }) => name === task)
  const { data, error, refetch } = useQuery({
    queryKey: ['episodes', 'task', task],
    queryFn: () => lab.tasks.get.query({ task }),
  })
  // A task that is no longer there keeps its page where runs have played it.
  const played = data === undefined ? undefined : data.rounds.length > 0
  useKnownChoice(
    'task',
    played === undefined || tasks.length === 0
      ? undefined
      : [...tasks.map(({ name }) => name), ...(played ? [task] : [])],
  )
  return (
    <Page
      title={info?.title ?? task}
      about={<code className="mono">{task}</code>}
      actions={
        <>
          <AllTasks />
          {info?.source === 'user' && (
            <Button
              component="a"
              href={hrefOf('tasks', { edit: task })}
              variant="default"
              leftSection={<Pencil size={14} aria-hidden />}
            >
              {t('tasks.page.editThis')}
            </Button>
          )}
          <Button component="a" href={hrefOf('episodes', { task })} variant="default">
            {t('tasks.episodes')}
          </Button>
        </>
      }
    >
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data?.rounds.length === 0 && <Empty icon={Film} title={t('tasks.unplayed')} text={t('tasks.unplayedText')} />}
      {data !== undefined && data.rounds.length > 0 && <Sections task={task} played={data} />}
    </Page>
  )
}

function Sections({ task, played: { rounds, causes } }: { readonly task: string; readonly played: Played }) {
  const { t } = useTranslation()
  return (
    <>
      <Panel flush title={t('tasks.rounds')} note={t('tasks.roundsNote')}>
        <Rounds task={task} rounds={rounds} />
      </Panel>
      <Panel title={t('results.failures')} note={t('tasks.causesNote')}>
        <Causes task={task} causes={causes} />
      </Panel>
    </>
  )
}

function Rounds({ task, rounds }: { readonly task: string; readonly rounds: readonly Round[] }) {
  const { t } = useTranslation()
  const runs = useRuns().data ?? []
  const arms = armsOf(rounds)
  const { shown, end } = useGrowing(rounds)
  const nameOf = (id: number) => {
    const run: RunBrief | undefined = runs.find((one) => one.id === id)
    return run === undefined ? t('episodes.run', { run: id }) : runName(run)
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.rounds}>
        <Head
          columns={[
            { label: t('runs.run') },
            { label: t('tasks.round'), number: true },
            { label: t('tasks.collected') },
            { label: t('views.pairs'), number: true },
            ...arms.map((arm) => ({ label: armName(t, arm) })),
          ]}
        />
        <tbody>
          {shown.map(({ run, round, collected, pairs, kept, rates }) => (
            <tr key={`${run} ${round}`}>
              <th scope="row">
                <a href={hrefOf('results', { run, of: task })}>{nameOf(run)}</a>
              </th>
              <td className="number">{round}</td>
              <td>
                <RateCell rate={collected ?? undefined} colour="var(--neutral)" />
              </td>
              <td className="number">
                {pairs === 0 ? (
                  '–'
                ) : (
                  <a href={hrefOf('pairs', { run, round, task })}>{t('tasks.kept', { kept, pairs })}</a>
                )}
              </td>
              {arms.map((arm) => (
                <td key={arm}>
                  <RateCell rate={rates[arm]} colour={armColour(arm)} />
                </td>
              ))}
            </tr>
          ))}
          {end !== null && <tr key={shown.length} ref={end} aria-hidden />}
        </tbody>
      </table>
    </div>
  )
}

function Causes({ task, causes }: { readonly task: string; readonly causes: Played['causes'] }) {
  const { t } = useTranslation()
  const say = useSay()
  if (causes.length === 0) return <p className="soft">{t('results.noFailure')}</p>
  const most = causes[0]!.count
  return (
    <ul className={classes.causes}>
      {causes.slice(0, MOST).map(({ stage, reason, count }) => (
        <li key={`${stage} ${reason}`}>
          <a href={hrefOf('episodes', { task, stage, outcome: 'failure', reason })}>
            {t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })}: {say(message(`failure.${reason}`))}
          </a>
          <i aria-hidden="true" style={{ width: `${(100 * count) / most}%` }} />
          <b className="number">{count}</b>
        </li>
      ))}
    </ul>
  )
}
