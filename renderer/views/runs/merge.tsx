/** Merges an adapter into its base model: the form and the place of what is written, the progress, and the outcome. */
import { Button, Group, Modal, NativeSelect, Progress, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MERGE_FORMS, type MergeForm } from '../../../main/adapters/forms.ts'
import type { MergeState } from '../../../main/adapters/merges.ts'
import { lab, useStream } from '../../api.ts'
import { type Told, told, useSay } from '../../i18n/say.ts'
import { type Adapter, adapterName } from '../../parts/adapter-name.ts'
import { FolderChooser } from '../../parts/folder-chooser.tsx'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tellError } from '../../shell/notices.tsx'
import classes from './runs.module.css'

/** A folder name that the lab accepts. */
const NAME = /^\w[\w.-]*$/

interface MergeProps {
  readonly adapter: Adapter
  readonly onClose: () => void
}

/** The dialog stays mounted while it is closed, so that the focus returns to the button that opened it. */
export function MergeDialog({ adapter, opened, onClose }: MergeProps & { readonly opened: boolean }) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('runs.merge.title', { adapter: adapterName(t, adapter) })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <MergeFields adapter={adapter} onClose={onClose} />
    </Modal>
  )
}

function MergeFields({ adapter, onClose }: MergeProps) {
  const { t } = useTranslation()
  const say = useSay()
  const [form, setForm] = useState<MergeForm>('safetensors')
  const [into, setInto] = useState('models')
  const [name, setName] = useState(`${adapter.arm}-${adapter.run === null ? 'merged' : `run-${adapter.run}`}`)
  const [problem, setProblem] = useState<Told | null>(null)
  const merge = async () => {
    try {
      await lab.adapters.merge.mutate({ path: adapter.path, into, name, form })
      onClose()
    } catch (error) {
      setProblem(told(error))
    }
  }
  const kind = form === 'safetensors' || form === 'LoRA' ? form : 'gguf'
  const wrong = NAME.test(name) ? null : t('runs.merge.wrongName')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void merge()
      }}
    >
      <Stack gap="md">
        <NativeSelect
          label={t('runs.merge.form')}
          value={form}
          onChange={(event) => setForm(MERGE_FORMS.find((one) => one === event.currentTarget.value) ?? 'safetensors')}
          data={MERGE_FORMS.map((one) => ({ value: one, label: t(`runs.merge.forms.${one}`) }))}
        />
        <Text size="sm" c="dimmed">
          {t(`runs.merge.notes.${kind}`)}
        </Text>
        <TextInput
          label={t('runs.merge.into')}
          value={into}
          onChange={(event) => setInto(event.currentTarget.value)}
          rightSection={<FolderChooser title={t('runs.merge.into')} onChoose={setInto} />}
        />
        <TextInput
          data-autofocus
          label={t(kind === 'safetensors' ? 'runs.merge.name' : 'runs.merge.fileName')}
          value={name}
          error={wrong}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {problem !== null && (
          <Text role="alert" className="rejected wrap">
            {say(problem)}
          </Text>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" disabled={wrong !== null || into.trim() === ''}>
            {t(kind === 'safetensors' ? 'runs.merge.start' : 'runs.merge.startFile')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** The running merge, and the outcome of the last one; nothing where there was none. */
export function Merging() {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const say = useSay()
  const [state, setState] = useState<MergeState | null>(null)
  useStream(() => lab.adapters.merging.subscribe(undefined, { onData: setState }), [])
  if (state === null) return null
  const { current, last } = state
  if (current === null && last === null) return null
  return (
    <Panel title={t('runs.merge.panel')}>
      <div aria-live="polite">
        {current === null
          ? last !== null && (
              <p className={`${classes.merged} wrap ${last.status === 'failed' ? 'rejected' : ''}`}>
                {last.error === null
                  ? t(last.status === 'done' ? 'runs.merge.done' : 'runs.merge.stopped', { target: last.target })
                  : say(last)}
              </p>
            )
          : t('runs.merge.writing', { target: current.target })}
        {current === null && last !== null && last.notes.length > 0 && (
          <p className={`${classes.merged} wrap`}>{say(last.notes)}</p>
        )}
      </div>
      {current !== null && (
        <Group gap="md" mt="xs" wrap="nowrap">
          <Progress
            flex={1}
            value={(100 * current.done) / Math.max(1, current.total)}
            aria-label={t('runs.merge.progress')}
          />
          <span className="number">{t('runs.merge.tensors', { done: current.done, total: current.total })}</span>
          <Button
            size="compact-sm"
            variant="default"
            disabled={current.stopping}
            onClick={() => void lab.adapters.stopMerge.mutate().catch(tellError)}
            {...lock}
          >
            {t('job.stop')}
          </Button>
        </Group>
      )}
    </Panel>
  )
}
