/** One run: its title, note and tags, and its settings. */
import { Button, Group, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useBusy } from '../../job.ts'
import type { RunBrief } from '../../lab.ts'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { Failure } from '../../shell/failure.tsx'
import { tellError } from '../../shell/notices.tsx'
import { resume } from '../../start.ts'
import { tagRuns } from './run-bulk.tsx'
import { written } from './run-columns.tsx'
import classes from './runs.module.css'

export const RunPanel = memo(function RunPanel({ run }: { readonly run: RunBrief }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  const { data, error } = useQuery({
    queryKey: ['runs', 'get', run.id],
    queryFn: () => lab.runs.get.query({ run: run.id }),
  })
  return (
    <Panel
      title={t('runs.settings', { run: run.id })}
      note={data === undefined ? '' : t('runs.folder', { folder: data.folder })}
      actions={
        run.resumable && (
          <Button variant="default" disabled={busy} onClick={() => void resume(run.id)} {...lock}>
            {t('runs.resume')}
          </Button>
        )
      }
    >
      <Labels key={`${run.title}\n${run.note}`} run={run} />
      {error !== null && <Failure error={error} />}
      {data !== undefined && <Settings config={data.config} />}
    </Panel>
  )
})

/** Texts are saved when the reader leaves their field. */
function Labels({ run }: { readonly run: RunBrief }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [title, setTitle] = useState(run.title)
  const [note, setNote] = useState(run.note)
  const save = (label: { readonly title?: string; readonly note?: string }) =>
    void lab.runs.label
      .mutate({ run: run.id, ...label })
      .then(() => queries.invalidateQueries({ queryKey: ['runs'] }))
      .catch(tellError)
  const setTags = (tags: readonly string[]) => {
    for (const tag of tags) if (!run.tags.includes(tag)) void tagRuns([run.id], tag, true)
    for (const tag of run.tags) if (!tags.includes(tag)) void tagRuns([run.id], tag, false)
  }
  return (
    <Group gap="md" mb="md" align="flex-start" grow preventGrowOverflow={false}>
      <TextInput
        size="xs"
        label={t('runs.title')}
        placeholder={run.name}
        maxLength={120}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        onBlur={() => title.trim() !== run.title && save({ title })}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        {...lock}
      />
      <TagsInput size="xs" label={t('runs.tags')} maxTags={20} value={[...run.tags]} onChange={setTags} {...lock} />
      <Textarea
        size="xs"
        autosize
        minRows={1}
        maxRows={6}
        maxLength={20_000}
        label={t('runs.note')}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onBlur={() => note !== run.note && save({ note })}
        {...lock}
      />
    </Group>
  )
}

function Settings({ config }: { readonly config: object }) {
  return (
    <div className={classes.columns}>
      {Object.entries(config).map(([group, values]) => (
        <section key={group}>
          <h3 className="mono">{group}</h3>
          <dl className={classes.values}>
            {entries(values).map(([key, value]) => (
              <div key={key}>
                <dt className="mono">{key}</dt>
                <dd className="mono wrap">{written(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}

/** The keys of a group with their values; keys of inner groups are dotted, and a list is one value. */
function entries(values: unknown, prefix = ''): [string, unknown][] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [[prefix, values]]
  return Object.entries(values).flatMap(([key, value]) => entries(value, prefix === '' ? key : `${prefix}.${key}`))
}
