/** How the adapters descend from each other: base models, SFT, and rounds of DPO. */
import type { Adapter } from '../../parts/adapter-name.ts'

export interface TreeNode {
  /** Unique in the tree. */
  readonly id: string
  /** 'gone': an adapter that is no longer where it was trained from. */
  readonly kind: 'base' | 'adapter' | 'gone'
  /** The base model, or the path of the adapter. */
  readonly name: string
  readonly adapter: Adapter | null
  /** What the base model was merged from; null where it was not, or does not say it. */
  readonly merge: Merge | null
  /** The stages that read a copy of it now. */
  readonly usedAs: readonly string[]
  readonly children: readonly TreeNode[]
}

/** What a base model was merged from: a base model and an adapter. */
interface Merge {
  readonly base: string
  readonly adapter: string
}

/** By the names of base models. */
export type MergedFrom = Readonly<Record<string, Merge | undefined>>

/**
 * The roots, each with what descends from it. An adapter hangs below the one that it was trained from, else below its base model;
 * a merged base model hangs below its adapter, else below the one that was merged. Siblings stand by run and round.
 */
export function treeOf(adapters: readonly Adapter[], merged: MergedFrom): TreeNode[] {
  const own = adapters.filter(({ current, origin }) => !current || origin === null)
  const byPath = new Map(own.map((adapter) => [adapter.path, adapter]))
  const copies = new Map(adapters.flatMap((one) => (one.origin === null ? [] : [[one.path, one.origin.path] as const])))
  const adapterAt = (path: string) => byPath.get(path) ?? byPath.get(copies.get(path) ?? '')
  const parents = new Map<string, string>()
  const kinds = new Map<string, Pick<TreeNode, 'kind' | 'name' | 'adapter' | 'merge'>>()
  const base = (name: string): string => {
    const id = `base ${name}`
    if (kinds.has(id)) return id
    const merge = merged[name] ?? null
    kinds.set(id, { kind: 'base', name, adapter: null, merge })
    if (merge === null) return id
    const from = adapterAt(merge.adapter)
    parents.set(id, from === undefined ? base(merge.base) : idOf(from))
    return id
  }
  for (const adapter of own) {
    const id = idOf(adapter)
    kinds.set(id, { kind: 'adapter', name: adapter.path, adapter, merge: null })
    const below = base(adapter.lineage.find(({ kind }) => kind === 'base')?.name ?? adapter.base ?? '')
    const reference = adapter.lineage.find(({ kind }) => kind === 'adapter')?.name
    const from = reference === undefined ? undefined : adapterAt(reference)
    if (from !== undefined && from !== adapter) parents.set(id, idOf(from))
    else if (reference === undefined) parents.set(id, below)
    else {
      const gone = `gone ${reference}`
      kinds.set(gone, { kind: 'gone', name: reference, adapter: null, merge: null })
      parents.set(gone, below)
      parents.set(id, gone)
    }
  }
  // Those from which nothing descends yet.
  for (const name of Object.keys(merged)) base(name)
  const used = Map.groupBy(
    adapters.filter(({ current }) => current),
    (one) => one.origin?.path ?? one.path,
  )
  const children = Map.groupBy([...kinds.keys()], (id) => (isRoot(id, parents) ? '' : (parents.get(id) ?? '')))
  const nodesBelow = (parent: string): TreeNode[] =>
    (children.get(parent) ?? [])
      .map((id): TreeNode => {
        const node = kinds.get(id)!
        const usedAs = node.adapter === null ? [] : (used.get(node.adapter.path) ?? []).map(({ arm }) => arm)
        return { id, ...node, usedAs, children: nodesBelow(id) }
      })
      .sort((a, b) => placeOf(a) - placeOf(b))
  return nodesBelow('')
}

function idOf({ path }: Adapter): string {
  return `adapter ${path}`
}

/** Whether a node has no parent, or is its own ancestor: files may say anything. */
function isRoot(id: string, parents: ReadonlyMap<string, string>): boolean {
  const seen = new Set([id])
  for (let at = parents.get(id); at !== undefined; at = parents.get(at)) {
    if (at === id) return true
    if (seen.has(at)) return false
    seen.add(at)
  }
  return !parents.has(id)
}

function placeOf({ adapter }: TreeNode): number {
  return adapter === null ? Number.MAX_SAFE_INTEGER : (adapter.run ?? 0) * 1000 + adapter.round
}

/** The nodes that a search finds, with all above and below them. `textOf` is what is searched. */
export function foundIn(nodes: readonly TreeNode[], search: string, textOf: (node: TreeNode) => string): TreeNode[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return nodes.flatMap((node) => {
    const text = textOf(node).toLowerCase()
    if (words.every((word) => text.includes(word))) return [node]
    const children = foundIn(node.children, search, textOf)
    return children.length === 0 ? [] : [{ ...node, children }]
  })
}

/** The number of adapters in and below some nodes. */
export function adaptersIn(nodes: readonly TreeNode[]): number {
  return nodes.reduce((sum, { kind, children }) => sum + Number(kind === 'adapter') + adaptersIn(children), 0)
}
