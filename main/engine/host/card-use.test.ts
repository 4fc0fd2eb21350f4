import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findCard } from './card.ts'
import { cardUseHere, parseCardUse } from './card-use.ts'

const MIB = 2 ** 20

test('the lines of nvidia-smi are cards in use; a card that does not tell how busy it is counts too', () => {
  expect(parseCardUse('NVIDIA H200, 37, 2048, 143771\nNVIDIA GB10, [N/A], 10, 100\n')).toEqual([
    { name: 'NVIDIA H200', busy: 0.37, memory: { used: 2048 * MIB, total: 143_771 * MIB } },
    { name: 'NVIDIA GB10', busy: null, memory: { used: 10 * MIB, total: 100 * MIB } },
  ])
  expect(parseCardUse('No devices were found\n')).toEqual([])
  expect(parseCardUse('NVIDIA, [N/A], [N/A], [N/A]')).toEqual([])
})

test('AMD’s cards tell it in the kernel’s files: the one with the most memory counts', async (context) => {
  context.skip((await findCard()) !== null, 'an NVIDIA card is here')
  const root = mkdtempSync(join(tmpdir(), 'card-use-'))
  expect(await cardUseHere(null, root)).toBeNull()
  const write = (card: string, values: Readonly<Record<string, number>>) => {
    const folder = join(root, 'sys/class/drm', card, 'device')
    mkdirSync(folder, { recursive: true })
    for (const [name, value] of Object.entries(values)) writeFileSync(join(folder, name), `${value}\n`)
  }
  write('card0', { mem_info_vram_total: 500, mem_info_vram_used: 100, gpu_busy_percent: 90 })
  write('card1', { mem_info_vram_total: 8000, mem_info_vram_used: 2000, gpu_busy_percent: 25 })
  expect(await cardUseHere(null, root)).toEqual({ name: 'AMD', busy: 0.25, memory: { used: 2000, total: 8000 } })
  rmSync(join(root, 'sys/class/drm/card1/device/gpu_busy_percent'))
  expect(await cardUseHere(null, root)).toMatchObject({ busy: null })
  rmSync(root, { recursive: true })
})
