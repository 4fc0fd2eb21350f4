/**
 * A button that opens the system's folder dialog in the desktop app. In a browser there is none, and the path is typed.
 */
import { ActionIcon } from '@mantine/core'
import { FolderOpen } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../api.ts'
import { useDesktop } from '../lab.ts'
import { tellError } from '../shell/notices.tsx'

interface Props {
  /** The dialog's title. */
  readonly title: string
  readonly onChoose: (path: string) => void
}

export function FolderChooser({ title, onChoose }: Props) {
  const { t } = useTranslation()
  if (!useDesktop()) return null
  const choose = async () => {
    try {
      const { path } = await lab.desktop.choose.mutate({ what: 'folder', title })
      if (path !== null) onChoose(path)
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <ActionIcon variant="subtle" aria-label={t('form.choose')} onClick={() => void choose()}>
      <FolderOpen size={16} aria-hidden />
    </ActionIcon>
  )
}
