/** What the next run does and takes: model, tasks, seed, rounds, time, memory, disk. Its settings can be changed in place. */
import { Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ChevronUp } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { isDefault } from '../../parts/form/field.ts'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import classes from './experiment.module.css'
import { experimentFields } from './experiment-fields.ts'
import { Facts } from './facts.tsx'
import type { Stop } from './path.ts'
import { SavedForm } from './saved-form.tsx'

const OPEN = ['experiment'] as const

interface Props {
  /** The stage whose memory is shown. */
  readonly stage: Stop
  /** Whether the form is open where the address does not say it. */
  readonly open: boolean
}

export function Experiment({ stage, open: byDefault }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  useKnownChoice('form', OPEN)
  const open = query.form === 'experiment' || byDefault
  const form = useQuery({ queryKey: ['config'], queryFn: () => lab.config.form.query() })
  const changed = form.data?.fields.filter((field) => !isDefault(field) && !field.key.startsWith('paths.')) ?? []
  return (
    <Panel
      flush
      title={t('experiment.title')}
      note={changed.length === 0 ? t('experiment.note') : t('experiment.changed', { count: changed.length })}
      actions={
        !byDefault && (
          <Button
            variant="default"
            size="xs"
            aria-expanded={open}
            rightSection={open ? <ChevronUp size={15} aria-hidden /> : <ChevronDown size={15} aria-hidden />}
            onClick={() => visit({ form: open ? undefined : 'experiment' })}
          >
            {t(open ? 'experiment.close' : 'experiment.change')}
          </Button>
        )
      }
    >
      <Facts stage={stage} />
      {form.error !== null && <Failure error={form.error} retry={() => void form.refetch()} />}
      {open && form.data !== undefined && (
        <div className={classes.form}>
          <Text size="sm" c="dimmed" mb="md">
            {t('pipeline.settingsNote', { path: form.data.path })}
          </Text>
          <SavedForm fields={experimentFields(form.data.fields)} more={(count) => t('experiment.more', { count })} />
        </div>
      )}
    </Panel>
  )
}
