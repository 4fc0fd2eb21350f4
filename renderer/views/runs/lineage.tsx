/** The lineage of all adapters as a tree: base models, SFT, rounds of DPO, and models that were merged. A node opens its run. */
import { Badge, Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Boxes, ChevronDown, ChevronRight } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { type RunBrief, useRuns } from '../../lab.ts'
import { choose, hrefOf, usePlace } from '../../location.ts'
import { roundOf } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { bytes, moment, percent } from '../../parts/figures.ts'
import { useGrowing } from '../../parts/growing.ts'
import { armColour } from '../../parts/interval.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { runName } from '../../parts/run-colour.ts'
import { SearchField } from '../../parts/search-field.tsx'
import { ListCount } from '../../parts/split.tsx'
import { Failure } from '../../shell/failure.tsx'
import classes from './lineage.module.css'
import { adaptersIn, foundIn, type TreeNode, treeOf } from './lineage-tree.ts'

/** From so many adapters on, what descends from SFT adapters is folded at first. */
const MANY = 40

export function Lineage() {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({ queryKey: ['adapters'], queryFn: () => lab.adapters.list.query() })
  const adapters = useMemo(() => (data ?? []).filter((one) => one.problem === null), [data])
  const bases = useMemo(() => [...new Set(adapters.flatMap(basesOf))], [adapters])
  const merged = useQuery({
    queryKey: ['adapters', 'merged', bases],
    queryFn: () => lab.adapters.mergedFrom.query({ names: bases }),
    enabled: data !== undefined,
  })
  const tree = useMemo(() => treeOf(adapters, merged.data ?? {}), [adapters, merged.data])
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined || merged.isLoading) return <Loading />
  if (tree.length === 0) return <Empty icon={Boxes} title={t('runs.noAdapter')} text={t('runs.noAdapterText')} />
  return <Tree tree={tree} />
}

type Listed = Parameters<typeof treeOf>[0][number]

function basesOf({ base, lineage }: Listed): string[] {
  const started = lineage.find(({ kind }) => kind === 'base')?.name ?? base
  return started === null ? [] : [started]
}

function Tree({ tree }: { readonly tree: readonly TreeNode[] }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useRuns().data
  const byId = useMemo(() => new Map((runs ?? []).map((run) => [run.id, run])), [runs])
  const search = query.search ?? ''
  const textOf = ({ name, adapter }: TreeNode) => {
    const run = adapter?.run == null ? undefined : byId.get(adapter.run)
    return [name, adapter === null ? '' : armName(t, adapter.arm), run === undefined ? '' : runName(run)].join(' ')
  }
  const found = search === '' ? tree : foundIn(tree, search, textOf)
  const all = adaptersIn(tree)
  // Nodes that are not as they are at first.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const isOpen = (node: TreeNode) => {
    const atFirst = search !== '' || all < MANY || node.kind === 'base'
    return turned.has(node.id) ? !atFirst : atFirst
  }
  const turn = (id: string) => {
    const next = new Set(turned)
    if (!next.delete(id)) next.add(id)
    setTurned(next)
  }
  return (
    <Panel
      title={t('runs.tree.title')}
      note={t('runs.tree.note')}
      actions={
        <Group gap="sm">
          <SearchField
            label={t('runs.tree.search')}
            width={200}
            value={search}
            onChange={(search) => choose({ search })}
          />
          <ListCount text={t('runs.tree.count', { found: adaptersIn(found), count: all })} />
        </Group>
      }
    >
      {found.length === 0 && <p className="soft">{t('runs.tree.none')}</p>}
      <Branch nodes={found} runs={byId} isOpen={isOpen} onTurn={turn} />
    </Panel>
  )
}

interface BranchProps {
  readonly nodes: readonly TreeNode[]
  readonly runs: ReadonlyMap<number, RunBrief>
  readonly isOpen: (node: TreeNode) => boolean
  readonly onTurn: (id: string) => void
}

function Branch({ nodes, runs, isOpen, onTurn }: BranchProps) {
  const { t } = useTranslation()
  const { shown, end } = useGrowing(nodes)
  return (
    <ul className={classes.branch}>
      {shown.map((node) => {
        const open = isOpen(node)
        const Sign = open ? ChevronDown : ChevronRight
        return (
          <li key={node.id}>
            <div className={classes.node}>
              {node.children.length === 0 ? (
                <span className={classes.leaf} />
              ) : (
                <button
                  type="button"
                  className={classes.turn}
                  aria-expanded={open}
                  aria-label={t('runs.tree.below', { name: node.name })}
                  onClick={() => onTurn(node.id)}
                >
                  <Sign size={15} aria-hidden />
                </button>
              )}
              <Node node={node} runs={runs} />
              {!open && node.children.length > 0 && (
                <Button size="compact-xs" variant="subtle" onClick={() => onTurn(node.id)}>
                  {t('runs.tree.folded', { count: adaptersIn(node.children) })}
                </Button>
              )}
            </div>
            {open && node.children.length > 0 && (
              <Branch nodes={node.children} runs={runs} isOpen={isOpen} onTurn={onTurn} />
            )}
          </li>
        )
      })}
      {end !== null && <li key={shown.length} ref={end} aria-hidden />}
    </ul>
  )
}

function Node({
  node: { kind, name, adapter, merge, usedAs },
  runs,
}: { readonly node: TreeNode } & Pick<BranchProps, 'runs'>) {
  const { t, i18n } = useTranslation()
  if (adapter === null) {
    return (
      <>
        <b className="wrap">{name === '' ? t('runs.tree.unknownBase') : name}</b>
        <span className="soft wrap">
          {merge === null ? t(`runs.tree.${kind === 'base' ? 'base' : 'gone'}`) : t('runs.tree.merged', { ...merge })}
        </span>
      </>
    )
  }
  const { arm, run: id, r, written } = adapter
  const run = id === null ? undefined : runs.get(id)
  const rate = run?.rates?.[arm]
  return (
    <>
      <b style={{ color: armColour(arm) }}>{armName(t, arm)}</b>
      {roundOf(t, adapter) !== '' && <Badge variant="default">{roundOf(t, adapter)}</Badge>}
      {id === null ? (
        <code className="mono wrap">{name}</code>
      ) : (
        <a href={hrefOf('pipeline', { run: id })}>
          {run === undefined ? t('episodes.run', { run: id }) : runName(run)}
        </a>
      )}
      {run?.command === 'import' && arm === 'dpo' && <Badge variant="default">{t('runs.tree.imported')}</Badge>}
      {usedAs.map((as) => (
        <Badge key={as} color="blue" variant="light" className={classes.used!}>
          {t('runs.tree.usedAs', { arm: armName(t, as) })}
        </Badge>
      ))}
      <span className="soft">
        {rate !== undefined && rate.n > 0 && `${t('runs.tree.solved', { success: percent(rate.success, 0) })} · `}r ={' '}
        {r} · {bytes(adapter.bytes)} · {moment(written, i18n.language)}
      </span>
    </>
  )
}
