/** The dialog that imports a file of corrected pairs into a round. The file is added to the round, or replaces it. */
import { Button, Group, Modal, Radio, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Imported } from '../../../main/preferences/import.ts'
import { errorOf } from '../../api.ts'
import type { Round } from '../../lab.ts'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { WINDOW_ID } from '../../state/window-id.ts'
import { ChangeList, ImportChanges } from './import-changes.tsx'

const WAYS = ['add', 'replace'] as const
type Way = (typeof WAYS)[number]

interface Props {
  readonly round: Round
  readonly file: File
  readonly onClose: () => void
}

export function ImportDialog({ round, file, onClose }: Props) {
  const { t } = useTranslation()
  const [imported, setImported] = useState<Imported | null>(null)
  const bringIn = useImport(round, file)
  const start = async (way: Way) => {
    const done = await bringIn(way)
    if (done === null) onClose()
    else setImported(done)
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('pairs.importTitle', { file: file.name })}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      {imported === null ? (
        <Question round={round} file={file} onStart={start} onCancel={onClose} />
      ) : (
        <ImportChanges imported={imported} onClose={onClose} />
      )}
    </Modal>
  )
}

interface QuestionProps {
  readonly round: Round
  readonly file: File
  readonly onStart: (way: Way) => Promise<void>
  readonly onCancel: () => void
}

function Question({ round, file, onStart, onCancel }: QuestionProps) {
  const { t } = useTranslation()
  const [way, setWay] = useState<Way>('add')
  const [busy, setBusy] = useState(false)
  const preview = usePreview(round, file, way)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        setBusy(true)
        void onStart(way)
      }}
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t('pairs.importNote', { run: round.run, round: round.round })}
        </Text>
        <WayChoice way={way} onChange={setWay} />
        {preview.error !== null && <Failure error={preview.error} />}
        {preview.data !== undefined && <Preview preview={preview.data} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" data-autofocus loading={busy} disabled={preview.data === undefined}>
            {t('pairs.importStart')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** What the import would do; fetched again where the reader chooses another way. */
function usePreview(round: Round, file: File, way: Way) {
  return useQuery({
    queryKey: ['pairs', 'preview', round, file.name, file.lastModified, file.size, way],
    queryFn: () => send(round, file, way === 'replace', true),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  })
}

function Preview({ preview: { told, ...counts } }: { readonly preview: Imported }) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('pairs.preview')}>
      <Text size="sm" role="status">
        {told.length === 0 ? t('pairs.importedNothing') : t('pairs.wouldImport', counts)}
      </Text>
      {told.length > 0 && <ChangeList told={told} />}
    </section>
  )
}

/** The choice between adding to the round and replacing it. */
function WayChoice({ way, onChange }: { readonly way: Way; readonly onChange: (way: Way) => void }) {
  const { t } = useTranslation()
  return (
    <Radio.Group
      label={t('pairs.importWay')}
      value={way}
      onChange={(value) => onChange(value === 'replace' ? 'replace' : 'add')}
    >
      <Stack gap="sm" mt="xs">
        {WAYS.map((one) => (
          <Radio
            key={one}
            value={one}
            label={t(`pairs.importWays.${one}`)}
            description={t(`pairs.importWayNotes.${one}`)}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

/** Imports the file. Returns null where that changed nothing or failed; both are reported. */
function useImport(round: Round, file: File): (way: Way) => Promise<Imported | null> {
  const { t } = useTranslation()
  const client = useQueryClient()
  return async (way) => {
    try {
      const imported = await send(round, file, way === 'replace')
      await Promise.all(['pairs', 'pair'].map((key) => client.invalidateQueries({ queryKey: [key] })))
      if (imported.told.length > 0) return imported
      tell(t('pairs.importedNothing'))
    } catch (error) {
      tellError(error)
    }
    return null
  }
}

/** Throws the lab's error where it refuses the file. */
async function send({ run, round }: Round, file: File, replace: boolean, preview = false): Promise<Imported> {
  const search = new URLSearchParams({
    name: file.name,
    author: WINDOW_ID,
    ...(replace ? { replace: '' } : {}),
    ...(preview ? { preview: '' } : {}),
  })
  const path = `/imports/${run}/${round}/preferences?${search}`
  const answer = await fetch(path, { method: 'POST', body: file, headers: { Accept: 'application/json' } })
  if (!answer.ok) throw await errorOf(answer)
  return answer.json()
}
