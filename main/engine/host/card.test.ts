import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cardOf, findAnyCard, findCard, parseCards } from './card.ts'
import { mayHaveCard } from './may-have-card.ts'

test('the memory of AMD’s cards is read from the kernel’s files, that of the largest', async (context) => {
  context.skip((await findCard()) !== null, 'an NVIDIA card is here')
  const root = mkdtempSync(join(tmpdir(), 'cards-'))
  expect(await findAnyCard(root)).toBeNull()
  for (const [card, bytes] of Object.entries({ card0: 536_870_912, card1: 17_163_091_968 })) {
    mkdirSync(join(root, 'sys/class/drm', card, 'device'), { recursive: true })
    writeFileSync(join(root, 'sys/class/drm', card, 'device/mem_info_vram_total'), `${bytes}\n`)
  }
  expect(await findAnyCard(root)).toEqual({ name: 'AMD', memory: 17_163_091_968 })
})

test('Linux shows in its device files whether there may be a card; other systems may always have one', () => {
  const root = mkdtempSync(join(tmpdir(), 'cards-'))
  expect(mayHaveCard(root, 'linux')).toBe(false)
  mkdirSync(join(root, 'dev/dri'), { recursive: true })
  writeFileSync(join(root, 'dev/dri/card0'), '')
  expect(mayHaveCard(root, 'linux')).toBe(false)
  writeFileSync(join(root, 'dev/dri/renderD128'), '')
  expect(mayHaveCard(root, 'linux')).toBe(true)
  expect(mayHaveCard(root, 'darwin')).toBe(true)
})

test('the lines of nvidia-smi are cards; other lines are none', () => {
  expect(parseCards('NVIDIA GeForce RTX 4060, 8188\nNVIDIA H200, 143771\n')).toEqual([
    { name: 'NVIDIA GeForce RTX 4060', memory: 8188 * 2 ** 20 },
    { name: 'NVIDIA H200', memory: 143_771 * 2 ** 20 },
  ])
  expect(parseCards('No devices were found\n')).toEqual([])
})

test('the software adapter has the memory of the machine', async () => {
  expect(await cardOf({ name: 'software' })).toEqual({ name: 'software', memory: expect.any(Number) })
})
