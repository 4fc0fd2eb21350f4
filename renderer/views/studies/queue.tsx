/** All studies in the order of the queue, with state, progress, and what they still take. */
import { Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { StudyBrief } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { bytes, moment } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { Head } from '../../parts/table/head.tsx'
import { change, Move, PauseStudy, StudyMenu } from './actions.tsx'
import { moved } from './moved.ts'
import { StudyProgress, StudyState, useTimeLeft } from './progress.tsx'
import classes from './studies.module.css'

export function Queue({ studies }: { readonly studies: readonly StudyBrief[] }) {
  const { t } = useTranslation()
  return (
    <Panel flush title={t('studies.queue')} note={t('studies.queueNote')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.table}>
          <Head
            columns={[
              { label: t('studies.place'), hidden: true },
              { label: t('studies.study') },
              { label: t('studies.state') },
              { label: t('studies.progress') },
              { label: t('studies.timeLeft') },
              { label: t('studies.diskLeft') },
              { label: t('studies.made') },
              { label: t('studies.actions'), hidden: true },
            ]}
          />
          <tbody>
            {studies.map((study, at) => (
              <StudyRow key={study.id} study={study} at={at} studies={studies} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

interface RowProps {
  readonly study: StudyBrief
  readonly at: number
  readonly studies: readonly StudyBrief[]
}

function StudyRow({ study, at, studies }: RowProps) {
  const { t, i18n } = useTranslation()
  const timeLeft = useTimeLeft()
  const { id, name, left } = study
  const order = studies.map((one) => one.id)
  const move = (by: -1 | 1) => void change(lab.studies.arrange.mutate({ studies: [...moved(order, id, by)] }))
  return (
    <tr>
      <td>
        <Group gap={0} wrap="nowrap">
          <Move name={name} isFirst={at === 0} isLast={at === studies.length - 1} onMove={move} />
        </Group>
      </td>
      <th scope="row">
        <a href={hrefOf('studies', { study: id })}>{t('studies.option', { id, name })}</a>
      </th>
      <td>
        <StudyState study={study} />
      </td>
      <td>
        <StudyProgress study={study} />
      </td>
      <td>{timeLeft(study)}</td>
      <td>{left === 0 ? t('studies.nothingLeft') : bytes(study.bytes)}</td>
      <td>{moment(study.created, i18n.language)}</td>
      <td>
        <Group gap="xs" wrap="nowrap" justify="flex-end">
          <PauseStudy study={study} compact />
          <StudyMenu study={study} />
        </Group>
      </td>
    </tr>
  )
}
