/** The settings of a stage, which are saved into config.yaml. */
import { Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useTasks } from '../../lab.ts'
import { SettingsForm } from '../../parts/form/settings-form.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { concerns, type Stop } from './path.ts'

export function StageSettings({ stop }: { readonly stop: Stop }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const tasks = useTasks()
  const form = useQuery({ queryKey: ['config'], queryFn: () => lab.config.form.query() })
  if (form.error !== null) return <Failure error={form.error} retry={() => void form.refetch()} />
  if (form.data === undefined) return <Loading />
  return (
    <>
      <Text size="sm" c="dimmed" mb="md">
        {t('pipeline.settingsNote', { path: form.data.path })}
      </Text>
      <SettingsForm
        fields={form.data.fields.filter((field) => concerns(field, stop))}
        tasks={tasks.map(({ name }) => name)}
        save={async (values) => {
          try {
            client.setQueryData(['config'], await lab.config.set.mutate({ values }))
            await client.invalidateQueries()
            tell(t('pipeline.saved', { path: form.data.path }))
          } catch (error) {
            tellError(error)
            throw error
          }
        }}
      />
    </>
  )
}
