import { expect, test } from 'vitest'
import type { Adapter } from '../../parts/adapter-name.ts'
import { adaptersIn, foundIn, type TreeNode, treeOf } from './lineage-tree.ts'

const ancestor = (kind: 'adapter' | 'base', name: string) => ({ kind, name, run: null, round: null, count: null })
const adapter = (
  path: string,
  run: number | null,
  reference: string | null,
  changes: Partial<Adapter> = {},
): Adapter => ({
  ...{ path, run, arm: path.split('/').at(-1)!, round: reference === null ? 0 : 1, rounds: 1, current: run === null },
  ...{
    problem: null,
    r: 8,
    lora_alpha: 16,
    rsloraScale: null,
    target_modules: [],
    layers_to_transform: null,
    base: 'models/base',
    note: null,
  },
  ...{ bytes: 1, written: 0, origin: null },
  lineage: [...(reference === null ? [] : [ancestor('adapter', reference)]), ancestor('base', 'models/base')],
  ...changes,
})
const drawn = (nodes: readonly TreeNode[]): unknown =>
  nodes.map(({ name, children }) => (children.length === 0 ? name : [name, drawn(children)]))

const sft = adapter('r/1/sft', 1, null)
const first = adapter('r/1/dpo', 1, 'r/1/sft')
const second = adapter('r/1/round-2/dpo', 1, 'r/1/dpo', { round: 2 })

test('rounds of DPO hang below each other, SFT below the base model, in the order of the runs', () => {
  const other = adapter('r/2/sft', 2, null)
  expect(drawn(treeOf([other, second, first, sft], {}))).toEqual([
    ['models/base', [['r/1/sft', [['r/1/dpo', ['r/1/round-2/dpo']]]], 'r/2/sft']],
  ])
  expect(adaptersIn(treeOf([other, second, first, sft], {}))).toBe(4)
})

test('a copy at a path of the settings stands for the adapter of its run', () => {
  const copy = adapter('models/sft', null, null, { arm: 'sft', origin: sft })
  const later = adapter('r/3/dpo', 3, 'models/sft')
  const [base] = treeOf([copy, later, sft], {})
  expect(drawn([base!])).toEqual([['models/base', [['r/1/sft', ['r/3/dpo']]]]])
  expect(base?.children[0]?.usedAs).toEqual(['sft'])
})

test('an adapter whose beginning is gone says so', () => {
  expect(drawn(treeOf([adapter('r/3/dpo', 3, 'r/2/sft')], {}))).toEqual([['models/base', [['r/2/sft', ['r/3/dpo']]]]])
})

test('a merged base model hangs below its adapter, and no circle loses a node', () => {
  const onMerged = adapter('r/4/sft', 4, null, { lineage: [ancestor('base', 'models/merged')] })
  const merged = { 'models/merged': { base: 'models/base', adapter: 'r/1/dpo' } }
  expect(drawn(treeOf([sft, first, onMerged], merged))).toEqual([
    ['models/base', [['r/1/sft', [['r/1/dpo', [['models/merged', ['r/4/sft']]]]]]]],
  ])
  const circle = treeOf([sft, first], { 'models/base': { base: 'models/base', adapter: 'r/1/dpo' } })
  expect(adaptersIn(circle)).toBe(2)
})

test('what was merged stands in the tree before anything descends from it, also where its adapter is gone', () => {
  const tree = treeOf([sft, first], {
    'models/dpo.gguf': { base: 'models/base', adapter: 'r/1/dpo' },
    'models/old.gguf': { base: 'models/q4.gguf', adapter: 'r/0/dpo' },
  })
  expect(drawn(tree)).toEqual([
    ['models/base', [['r/1/sft', [['r/1/dpo', ['models/dpo.gguf']]]]]],
    ['models/q4.gguf', ['models/old.gguf']],
  ])
  expect(tree[1]?.children[0]?.merge).toEqual({ base: 'models/q4.gguf', adapter: 'r/0/dpo' })
})

test('a search keeps what is above and below', () => {
  const tree = treeOf([second, first, sft, adapter('r/2/sft', 2, null)], {})
  expect(drawn(foundIn(tree, '1/dpo', ({ name }) => name))).toEqual([
    ['models/base', [['r/1/sft', [['r/1/dpo', ['r/1/round-2/dpo']]]]]],
  ])
  expect(foundIn(tree, 'none', ({ name }) => name)).toEqual([])
})
