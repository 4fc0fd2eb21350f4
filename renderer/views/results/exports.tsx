/** Exports a run's results. */
import { Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lab } from '../../api.ts'
import { Exports } from '../../parts/exports.tsx'

const FILES = ['report.html', 'report.pdf', 'metrics.csv', 'summary.json', 'episodes.jsonl'] as const

export function RunExports({ run }: { readonly run: number }) {
  const { data } = useQuery({
    queryKey: ['results', 'markdown', run],
    queryFn: () => lab.results.markdown.query({ run }),
  })
  return (
    <Group gap="sm">
      <Exports markdown={data} folder={`/exports/${run}`} files={FILES} variant="filled" />
    </Group>
  )
}
