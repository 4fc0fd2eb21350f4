/** The machines that play along: workers that take problems from the queue. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Server } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { Empty } from '../../parts/empty.tsx'
import { duration } from '../../parts/figures.ts'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import classes from './machines.module.css'
import { WorkerPages } from './worker-pages.tsx'

type Machine = Answers['workers']['list']['workers'][number]

/** How often the list is fetched again, in milliseconds. */
const AGAIN = 3_000

export function Machines() {
  const { t } = useTranslation()
  const [looked, setLooked] = useState<string | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['workers'],
    queryFn: () => lab.workers.list.query(),
    refetchInterval: AGAIN,
  })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading />
  const { queue, workers } = data
  if (queue === null) return <Empty icon={Server} title={t('live.alone')} text={t('live.aloneText')} />
  if (workers.length === 0) {
    return <Empty icon={Server} title={t('live.noMachines')} text={t('live.noMachinesText', { queue })} />
  }
  const seen = workers.find(({ id }) => id === looked)
  return (
    <>
      <Panel flush title={t('live.machines', { count: workers.length })} note={queue}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <div className={classes.scroll} tabIndex={0}>
          <table className={classes.machines}>
            <thead>
              <tr>
                <th scope="col">{t('live.machine')}</th>
                <th scope="col">{t('live.engine')}</th>
                <th scope="col" className="number">
                  {t('live.pages')}
                </th>
                <th scope="col" className="number">
                  {t('live.episodes')}
                </th>
                <th scope="col" className="number">
                  {t('live.lately')}
                </th>
                <th scope="col" className="number">
                  {t('live.seen')}
                </th>
                <th scope="col">{t('live.playing')}</th>
                <th scope="col">
                  <span className="hidden-words">{t('live.look')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.id}>
                  <th scope="row">{worker.machine.name}</th>
                  <td>{worker.machine.kind}</td>
                  <td className="number">{worker.pages}</td>
                  <td className="number">{worker.episodes}</td>
                  <td className="number">{worker.lately}</td>
                  <td className="number">{t('live.system.ago', { time: duration(worker.seen / 1000) })}</td>
                  <td>
                    <Now worker={worker} />
                  </td>
                  <td>
                    <Button
                      size="compact-xs"
                      variant="default"
                      aria-label={t(worker.id === looked ? 'live.lookAwayFrom' : 'live.lookAt', {
                        machine: worker.machine.name,
                      })}
                      onClick={() => setLooked(worker.id === looked ? null : worker.id)}
                    >
                      {t(worker.id === looked ? 'live.lookAway' : 'live.look')}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {seen !== undefined && <WorkerPages key={seen.id} worker={seen.id} machine={seen.machine.name} />}
    </>
  )
}

/** What a machine plays, or why it does not. */
function Now({ worker: { playing, refuses } }: { readonly worker: Machine }) {
  const { t } = useTranslation()
  const say = useSay()
  const [first] = playing
  if (first !== undefined) {
    const { run, stage, task, seed } = first
    return <>{t('live.plays', { run, stage: t(`stage.${stage}` as 'stage.sft'), task, seed, count: playing.length })}</>
  }
  if (refuses.length === 0) return <>{t('live.waits')}</>
  return (
    <ul className={classes.reasons}>
      {refuses.map((why, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is never reordered, and reasons may repeat
        <li key={at}>{say(why)}</li>
      ))}
    </ul>
  )
}
