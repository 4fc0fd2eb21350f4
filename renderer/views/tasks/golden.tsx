/** The golden samples: which tasks have some, each recording step by step, thoughts to edit, recordings to delete. */
import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CircleDot } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers } from '../../lab.ts'
import { choose, goTo, hrefOf, usePlace } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { ListCount } from '../../parts/split.tsx'
import { Failure } from '../../shell/failure.tsx'
import { type GoldenRecording, Recording, recordingId } from './recording.tsx'
import classes from './tasks.module.css'

type Golden = Answers['golden']['recordings']

export function GoldenSamples() {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: ['golden', 'recordings'],
    queryFn: () => lab.golden.recordings.query(),
  })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading />
  return (
    <>
      {data.lacking.length > 0 && <Lacking lacking={data.lacking} />}
      {data.recordings.length === 0 ? (
        <Empty icon={CircleDot} title={t('golden.none')} text={t('golden.noneText')}>
          <Button onClick={() => goTo('live', { mode: 'record' })}>{t('golden.record')}</Button>
        </Empty>
      ) : (
        <Recordings golden={data} />
      )}
    </>
  )
}

function Lacking({ lacking }: Pick<Golden, 'lacking'>) {
  const { t } = useTranslation()
  return (
    <Panel title={t('golden.lacking', { count: lacking.length })} note={t('golden.lackingNote')}>
      <ul className={classes.lacking}>
        {lacking.map(({ task, expert }) => (
          <li key={task}>
            <a href={hrefOf('live', { mode: 'record', task })}>{task}</a>{' '}
            <span className="soft">{t(`tasks.expertIs.${expert ? 'yes' : 'no'}`)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Recordings({ golden: { path, fixed, recordings } }: { readonly golden: Golden }) {
  const { t } = useTranslation()
  const say = useSay()
  const { query } = usePlace()
  const tasks = [...new Set(recordings.map(({ task }) => task ?? ''))].sort()
  const of = tasks.find((task) => task === query.of)
  const shown = of === undefined ? recordings : recordings.filter(({ task }) => (task ?? '') === of)
  const byTask = [...Map.groupBy(shown, ({ task }) => task ?? '')].sort(([a], [b]) => a.localeCompare(b))
  return (
    <Panel title={t('golden.recordings')} note={fixed === null ? <code className="mono">{path}</code> : say(fixed)}>
      <div className={classes.filters}>
        <NativeSelect
          size="xs"
          aria-label={t('episodes.filters.task')}
          value={of ?? ''}
          data={[
            { value: '', label: t('episodes.allTasks') },
            ...tasks.filter(Boolean).map((task) => ({ value: task, label: task })),
          ]}
          onChange={(event) => choose({ of: event.currentTarget.value })}
        />
        <ListCount text={t('golden.count', { count: shown.length })} />
      </div>
      {byTask.map(([task, own]) => (
        <section key={task} className={classes.goldenTask}>
          <h3>{task === '' ? t('golden.noTask') : <a href={hrefOf('tasks', { task })}>{task}</a>}</h3>
          {own.map((recording: GoldenRecording) => (
            <Recording
              key={recordingId(recording)}
              recording={recording}
              isFixed={fixed !== null}
              isOpen={query.recording === recordingId(recording)}
            />
          ))}
        </section>
      ))}
    </Panel>
  )
}
