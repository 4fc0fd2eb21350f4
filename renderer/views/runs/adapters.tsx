/** The adapters, each with its lineage. */
import { useQuery } from '@tanstack/react-query'
import { Boxes } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { usePlace, visit } from '../../location.ts'
import type { Adapter, BrokenAdapter } from '../../parts/adapter-name.ts'
import { Empty } from '../../parts/empty.tsx'
import { useGrowing } from '../../parts/growing.ts'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { reveal } from '../../parts/reveal.ts'
import { Failure } from '../../shell/failure.tsx'
import { AdapterLine } from './adapter-line.tsx'
import { BrokenLine } from './broken-line.tsx'
import { COMPARISON, Comparison } from './comparison.tsx'
import { marksAfter } from './marked.ts'
import { Merging } from './merge.tsx'
import classes from './runs.module.css'

export function Adapters() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const { data, error, refetch } = useQuery({ queryKey: ['adapters'], queryFn: () => lab.adapters.list.query() })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading />
  if (data.length === 0) return <Empty icon={Boxes} title={t('runs.noAdapter')} text={t('runs.noAdapterText')} />
  const readable = data.filter((adapter) => adapter.problem === null)
  const marked = [query.a, query.b].flatMap((path) => readable.find((adapter) => adapter.path === path) ?? [])
  const [a, b] = marked
  return (
    <>
      <Merging />
      {a !== undefined && b !== undefined && <Comparison key={`${a.path} ${b.path}`} a={a} b={b} />}
      <AdapterList
        title={t('runs.current')}
        note={t('runs.currentNote')}
        adapters={data.filter(({ current }) => current)}
        marked={marked}
      />
      <AdapterList
        title={t('runs.kept')}
        note={t('runs.keptNote')}
        adapters={data.filter(({ current }) => !current)}
        marked={marked}
      />
    </>
  )
}

interface AdapterListProps {
  readonly title: string
  readonly note: string
  readonly adapters: readonly (Adapter | BrokenAdapter)[]
  /** The marked adapters, in this list or in another. */
  readonly marked: readonly Adapter[]
}

function AdapterList({ title, note, adapters, marked }: AdapterListProps) {
  const { shown, end } = useGrowing(adapters)
  if (adapters.length === 0) return null
  const mark = (adapter: Adapter, on: boolean) => {
    const [a, b] = marksAfter(marked, adapter, on)
    visit({ a: a?.path, b: b?.path })
    if (b !== undefined) reveal(COMPARISON)
  }
  return (
    <Panel title={title} note={note}>
      <ul className={classes.adapters}>
        {shown.map((adapter) =>
          adapter.problem === null ? (
            <AdapterLine
              key={adapter.path}
              adapter={adapter}
              marked={marked.includes(adapter)}
              onMark={(on) => mark(adapter, on)}
            />
          ) : (
            <BrokenLine key={adapter.path} adapter={adapter} />
          ),
        )}
        {end !== null && <li key={shown.length} ref={end} aria-hidden />}
      </ul>
    </Panel>
  )
}
