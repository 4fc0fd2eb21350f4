/** The settings of a stage. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../shell/failure.tsx'
import { concerns, type Stop } from './path.ts'
import { SavedForm } from './saved-form.tsx'

export function StageSettings({ stop }: { readonly stop: Stop }) {
  const { t } = useTranslation()
  const form = useQuery({ queryKey: ['config'], queryFn: () => lab.config.form.query() })
  if (form.error !== null) return <Failure error={form.error} retry={() => void form.refetch()} />
  if (form.data === undefined) return <Loading />
  return (
    <>
      <Text size="sm" c="dimmed" mb="md">
        {t('pipeline.settingsNote', { path: form.data.path })}
      </Text>
      <SavedForm fields={form.data.fields.filter((field) => concerns(field, stop))} />
    </>
  )
}
