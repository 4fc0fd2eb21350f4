/** Exports a run's results: to the clipboard, as the report, and as files. */
import { Button, CopyButton, Group, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ClipboardCopy, Download, ExternalLink } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'

const FILES = ['report.html', 'report.pdf', 'metrics.csv', 'summary.json', 'episodes.jsonl'] as const

export function Exports({ run }: { readonly run: number }) {
  const { t } = useTranslation()
  const markdown = useQuery({
    queryKey: ['results', 'markdown', run],
    queryFn: () => lab.results.markdown.query({ run }),
  })
  return (
    <Group gap="sm">
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
        href={`/exports/${run}/report.html?inline`}
        target="_blank"
        rel="noreferrer"
        leftSection={<ExternalLink size={15} aria-hidden />}
      >
        {t('results.open')}
      </Button>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button leftSection={<Download size={15} aria-hidden />} rightSection={<ChevronDown size={15} aria-hidden />}>
            {t('results.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FILES.map((file) => (
            <Menu.Item key={file} component="a" href={`/exports/${run}/${file}`} download>
              {file}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
