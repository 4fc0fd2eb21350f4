import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { foldersUnder, namesIn, type Search, type Visited } from './walk.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'walk-'))
})
afterEach(() => rmSync(root, { recursive: true }))

async function all(depth: number, search: Search): Promise<Visited[]> {
  const visited: Visited[] = []
  for await (const one of foldersUnder(root, depth, search)) visited.push(one)
  return visited
}

test('links count as what they lead to, circles end at the depth, hidden names are left out', async () => {
  mkdirSync(join(root, 'a'))
  writeFileSync(join(root, 'a/one.gguf'), '')
  writeFileSync(join(root, '.hidden'), '')
  symlinkSync(join(root, 'a/one.gguf'), join(root, 'two.gguf'))
  symlinkSync(root, join(root, 'a/circle'))
  symlinkSync('/nowhere', join(root, 'dangling'))
  const visited = await all(2, { left: 100, unreadable: [] })
  expect(visited.map(({ folder }) => folder)).toEqual([root, join(root, 'a'), join(root, 'a/circle')])
  expect(visited[0]).toMatchObject({ files: ['two.gguf'], folders: ['a'] })
})

test('a search ends with what it has when it has looked at enough names', async () => {
  for (let i = 0; i < 50; i++) writeFileSync(join(root, `${i}.gguf`), '')
  const search = { left: 20, unreadable: [] }
  const [first] = await all(1, search)
  expect(first?.files).toHaveLength(20)
  expect(search.left).toBe(0)
})

test('what is not there or is a file has no names; what cannot be read is told', async () => {
  const search: Search = { left: 100, unreadable: [] }
  writeFileSync(join(root, 'file'), '')
  expect(await namesIn(join(root, 'gone'), search)).toMatchObject({ files: [], folders: [] })
  expect(await namesIn(join(root, 'file'), search)).toMatchObject({ files: [], folders: [] })
  expect(search.unreadable).toEqual([])
  // Links that lead to each other cannot be read by anybody, as a folder of another user cannot.
  symlinkSync(join(root, 'y'), join(root, 'x'))
  symlinkSync(join(root, 'x'), join(root, 'y'))
  await namesIn(join(root, 'x'), search)
  expect(search.unreadable).toEqual([join(root, 'x')])
})
