import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mayHaveCard } from '../engine/host/cards.ts'
import { findAnyCard, findCard } from './card.ts'

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
