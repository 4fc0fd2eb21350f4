/** Exports results: to the clipboard as Markdown, as the report, and as files. */
import { Button, type ButtonVariant, CopyButton, Menu, SegmentedControl } from '@mantine/core'
import { ChevronDown, ClipboardCopy, Download, ExternalLink } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LANGUAGES } from '../state/settings.ts'

interface ExportsProps {
  /** Undefined until it is known. */
  readonly markdown: string | undefined
  /** The path below which the files are. */
  readonly folder: string
  /** The report comes first. */
  readonly files: readonly [string, ...string[]]
  readonly variant: ButtonVariant
}

export function Exports({ markdown, folder, files, variant }: ExportsProps) {
  const { t, i18n } = useTranslation()
  const [chosen, setChosen] = useState<string | null>(null)
  const spoken = chosen ?? i18n.language
  const language = `language=${spoken}`
  return (
    <>
      <CopyButton value={markdown ?? ''}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            disabled={markdown === undefined}
            leftSection={<ClipboardCopy size={15} aria-hidden />}
            onClick={copy}
          >
            {t(copied ? 'results.copied' : 'results.copy')}
          </Button>
        )}
      </CopyButton>
      <Button
        component="a"
        variant="default"
        href={`${folder}/${files[0]}?inline&${language}`}
        target="_blank"
        rel="noreferrer"
        leftSection={<ExternalLink size={15} aria-hidden />}
      >
        {t('results.open')}
      </Button>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            variant={variant}
            leftSection={<Download size={15} aria-hidden />}
            rightSection={<ChevronDown size={15} aria-hidden />}
          >
            {t('results.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('results.reportLanguage')}</Menu.Label>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t('results.reportLanguage')}
            value={spoken}
            onChange={setChosen}
            data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          />
          {files.map((file) => (
            <Menu.Item key={file} component="a" href={`${folder}/${file}?${language}`} download>
              {file}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
