/** A draft whose file is no longer the one that was opened: what differs, and what becomes of the draft. */
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { FileDiff, FilePlus2, Save } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ChangedText } from '../../parts/changed-text.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { isPageName } from './page-name.ts'

interface Props {
  readonly page: string
  /** The text of the file now. */
  readonly file: string
  readonly draft: string
  readonly onReplace: () => void
  readonly onSaveAs: (name: string) => void
}

export function PageConflict({ page, file, draft, onReplace, onSaveAs }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [isShown, setShown] = useState(false)
  return (
    <Alert color="orange" variant="light" title={t('tasks.page.conflict', { name: page })} role="alert">
      <Stack gap="sm">
        <Text c="var(--ink)">{t('tasks.page.conflictText')}</Text>
        <Group gap="sm" align="flex-start">
          <Button
            size="xs"
            variant="default"
            leftSection={<FileDiff size={14} aria-hidden />}
            aria-expanded={isShown}
            onClick={() => setShown(!isShown)}
          >
            {t('tasks.page.difference')}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<Save size={14} aria-hidden />}
            onClick={onReplace}
            {...lock}
          >
            {t('tasks.page.replace')}
          </Button>
          <SaveAs page={page} onSaveAs={onSaveAs} />
        </Group>
        {isShown && <ChangedText text={draft} before={file} />}
      </Stack>
    </Alert>
  )
}

/** Saves a draft as another task. */
export function SaveAs({ page, onSaveAs }: Pick<Props, 'page' | 'onSaveAs'>) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [name, setName] = useState(`${page}-2`)
  return (
    <Group gap="xs" align="flex-start">
      <TextInput
        size="xs"
        aria-label={t('tasks.page.otherName')}
        value={name}
        error={name !== '' && !isPageName(name) && t('tasks.page.nameNote')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button
        size="xs"
        variant="default"
        disabled={!isPageName(name) || name === page}
        leftSection={<FilePlus2 size={14} aria-hidden />}
        onClick={() => onSaveAs(name)}
        {...lock}
      >
        {t('tasks.page.saveAs')}
      </Button>
    </Group>
  )
}
