/** A form of settings that are saved into config.yaml. */
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { type Field, useTasks } from '../../lab.ts'
import { SettingsForm } from '../../parts/form/settings-form.tsx'
import { tell, tellError } from '../../shell/notices.tsx'

interface Props {
  readonly fields: readonly Field[]
  /** The heading of the settings that are folded away. */
  readonly more?: (count: number) => string
}

export function SavedForm({ fields, more }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const tasks = useTasks()
  return (
    <SettingsForm
      fields={fields}
      tasks={tasks.map(({ name }) => name)}
      {...(more === undefined ? {} : { more })}
      save={async (values, before) => {
        try {
          const form = await lab.config.set.mutate({ values, before })
          client.setQueryData(['config'], form)
          await client.invalidateQueries()
          tell(t('pipeline.saved', { path: form.path }))
        } catch (error) {
          tellError(error)
          throw error
        }
      }}
    />
  )
}
