/** The trainings of a study in the order in which they are played. */
import { Button, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Study } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { duration } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { Status, type StatusName } from '../../parts/status.tsx'
import { Head } from '../../parts/table/head.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { change, Move } from './actions.tsx'
import { moved } from './moved.ts'
import classes from './studies.module.css'

type Member = Study['members'][number]

const SIGNS = {
  waiting: 'idle',
  running: 'running',
  interrupted: 'stopped',
  done: 'done',
  failed: 'failed',
  cancelled: 'skipped',
} as const satisfies Readonly<Record<Member['state'], StatusName>>

export function Members({ study }: { readonly study: Study }) {
  const { t } = useTranslation()
  // Those that are done cannot be moved: they have been played.
  const queue = study.members.filter(({ state }) => state !== 'done').map(({ member }) => member)
  return (
    <Panel flush title={t('studies.members')} note={t('studies.membersNote')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.table}>
          <Head
            columns={[
              { label: t('studies.place'), hidden: true },
              { label: t('studies.number') },
              { label: t('studies.variant') },
              { label: t('studies.seed'), number: true },
              { label: t('studies.state') },
              { label: t('studies.time'), number: true },
              { label: t('studies.run') },
              { label: t('studies.actions'), hidden: true },
            ]}
          />
          <tbody>
            {study.members.map((member) => (
              <MemberRow key={member.member} study={study.id} member={member} queue={queue} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface RowProps {
  readonly study: number
  readonly member: Member
  /** The members that are not done, in their order. */
  readonly queue: readonly number[]
}

function MemberRow({ study, member, queue }: RowProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const say = useSay()
  const { member: number, variant, seed, state, run, seconds, failure } = member
  const at = queue.indexOf(number)
  const move = (by: -1 | 1) => void change(lab.studies.order.mutate({ study, members: [...moved(queue, number, by)] }))
  const cancelled = state === 'cancelled'
  const toggle = () =>
    void change((cancelled ? lab.studies.restore : lab.studies.cancel).mutate({ study, members: [number] }))
  return (
    <tr>
      <td>
        <Group gap={0} wrap="nowrap">
          {at >= 0 && (
            <Move
              name={t('studies.training', { member: number })}
              isFirst={at === 0}
              isLast={at === queue.length - 1}
              onMove={move}
            />
          )}
        </Group>
      </td>
      <th scope="row">{number}</th>
      <td>{variant}</td>
      <td className="number">{seed}</td>
      <td>
        <Status status={SIGNS[state]} words={t(`studies.member.${state}`)} />
        {failure !== null && (
          <span className={`${classes.failure} rejected`} title={say(failure)}>
            {say(failure)}
          </span>
        )}
      </td>
      <td className="number">{seconds > 0 && duration(seconds)}</td>
      <td>{run !== null && <a href={hrefOf('pipeline', { run })}>{t('studies.runNumber', { run })}</a>}</td>
      <td className="number">
        {at >= 0 && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t(cancelled ? 'studies.restoreOne' : 'studies.cancelOne', { member: number })}
            onClick={toggle}
            {...lock}
          >
            {t(cancelled ? 'studies.restore' : 'studies.cancel')}
          </Button>
        )}
      </td>
    </tr>
  )
}
