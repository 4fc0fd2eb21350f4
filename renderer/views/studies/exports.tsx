/** Exports a study: to the clipboard, as the report, and as files. */
import { Button, CopyButton, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ClipboardCopy, Download, ExternalLink } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'

const FILES = ['study.html', 'study.json', 'study.csv', 'study.md'] as const

export function StudyExports({ study }: { readonly study: number }) {
  const { t } = useTranslation()
  const markdown = useQuery({
    queryKey: ['studies', 'markdown', study],
    queryFn: () => lab.studies.markdown.query({ study }),
  })
  return (
    <>
      <CopyButton value={markdown.data ?? ''}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            disabled={markdown.data === undefined}
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
        href={`/studies/${study}/study.html?inline`}
        target="_blank"
        rel="noreferrer"
        leftSection={<ExternalLink size={15} aria-hidden />}
      >
        {t('results.open')}
      </Button>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<Download size={15} aria-hidden />}
            rightSection={<ChevronDown size={15} aria-hidden />}
          >
            {t('results.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FILES.map((file) => (
            <Menu.Item key={file} component="a" href={`/studies/${study}/${file}`} download>
              {file}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
