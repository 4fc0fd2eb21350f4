/** Exports a study. */
import { useQuery } from '@tanstack/react-query'
import { lab } from '../../api.ts'
import { Exports } from '../../parts/exports.tsx'

const FILES = ['study.html', 'study.pdf', 'study.json', 'study.csv', 'study.md'] as const

export function StudyExports({ study }: { readonly study: number }) {
  const { data } = useQuery({
    queryKey: ['studies', 'markdown', study],
    queryFn: () => lab.studies.markdown.query({ study }),
  })
  return <Exports markdown={data} folder={`/studies/${study}`} files={FILES} variant="default" />
}
