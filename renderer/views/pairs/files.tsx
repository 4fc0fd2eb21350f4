/** Exports a round's pairs to a file, and imports corrected ones. */
import { Button, FileButton, Menu } from '@mantine/core'
import { ChevronDown, FileJson } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Round } from '../../lab.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { ImportDialog } from './import-dialog.tsx'
import { TrlDialog } from './trl-dialog.tsx'

export function Files({ round }: { readonly round: Round }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [file, setFile] = useState<File | null>(null)
  const [isTrl, setTrl] = useState(false)
  const reset = useRef<() => void>(null)
  const hrefOf = (name: string) => `/exports/${round.run}/${name}?round=${round.round}`
  return (
    <>
      <FileButton resetRef={reset} onChange={setFile} accept=".jsonl,application/jsonl">
        {(props) => (
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <Button
                size="xs"
                variant="default"
                leftSection={<FileJson size={14} aria-hidden />}
                rightSection={<ChevronDown size={14} aria-hidden />}
              >
                {t('pairs.files')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={hrefOf('preferences.jsonl')} download>
                {t('pairs.exportPreferences')}
              </Menu.Item>
              <Menu.Item component="a" href={hrefOf('kto.jsonl')} download>
                {t('pairs.exportKto')}
              </Menu.Item>
              <Menu.Item onClick={() => setTrl(true)} {...lock}>
                {t('pairs.exportTrl')}
              </Menu.Item>
              <Menu.Item {...props} {...lock}>
                {t('pairs.import')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </FileButton>
      {isTrl && <TrlDialog round={round} onClose={() => setTrl(false)} />}
      {file !== null && (
        <ImportDialog
          round={round}
          file={file}
          onClose={() => {
            setFile(null)
            // Without this, the same file could not be chosen again.
            reset.current?.()
          }}
        />
      )}
    </>
  )
}
