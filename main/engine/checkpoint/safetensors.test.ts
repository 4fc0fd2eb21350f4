import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UserError } from '../../messages/error.ts'
import { uniformStream } from '../random.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safetensors-'))
  file = join(folder, 'model.safetensors')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A file with the given header, true or false. */
function write(header: unknown, data: Uint8Array = new Uint8Array(0), lengthOfHeader?: bigint): void {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(lengthOfHeader ?? BigInt(json.length))
  writeFileSync(file, Buffer.concat([length, json, data]))
}

async function refusal(): Promise<string> {
  const error = await readSafetensors(file).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  const { message } = error as UserError
  expect(message).toContain(file)
  expect(message).not.toContain('\n')
  return message
}

test('reads what it writes', async () => {
  const tensors = new Map([
    ['b', { shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, 1e-30, -1e30]) }],
    ['a', { shape: [], data: new Float32Array([7]) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ])
  writeSafetensors(file, tensors)
  expect(await readSafetensors(file)).toEqual(tensors)
  expect(readFileSync(file).readBigUInt64LE() % 8n).toBe(0n)
})

test('widens bf16 and f16', async () => {
  const halves = [0x3f80, 0xbf80, 0x4049, 0x0001, 0x8000]
  const f16 = [0x3c00, 0xbc00, 0x4248, 0x0001, 0x7bff]
  write(
    {
      bf: { dtype: 'BF16', shape: [5], data_offsets: [0, 10] },
      half: { dtype: 'F16', shape: [5], data_offsets: [10, 20] },
    },
    new Uint8Array(new Uint16Array([...halves, ...f16]).buffer),
  )
  const tensors = await readSafetensors(file)
  expect([...tensors.get('bf')!.data]).toEqual([1, -1, 3.140625, 2 ** -133, -0])
  expect([...tensors.get('half')!.data]).toEqual([1, -1, 3.140625, 2 ** -24, 65504])
})

const F32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
})

test.each<[string, RegExp, () => void]>([
  ['an empty file', /cut off after 0 bytes/, () => writeFileSync(file, '')],
  ['a header cut off', /cut off: its header/, () => write('{}', undefined, 1000n)],
  ['an absurd header length', /not a safetensors file/, () => write('{}', undefined, 0xffff_ffff_ffff_ffffn)],
  ['no JSON', /header is not JSON/, () => write('{"a":')],
  ['a list', /header is not an object/, () => write('[1]')],
  ['data cut off', /cut off: its tensors need/, () => write({ a: F32(0, 16) }, new Uint8Array(15))],
  ['bytes left over', /1 bytes after its last tensor/, () => write({ a: F32(0, 16) }, new Uint8Array(17))],
  ['overlap', /b overlaps/, () => write({ a: F32(0, 16), b: F32(8, 24) }, new Uint8Array(24))],
  ['a gap', /b leaves a gap/, () => write({ a: F32(0, 4), b: F32(8, 12) }, new Uint8Array(12))],
  ['a lying shape', /a \[3\] F32 needs 12 bytes, not 16/, () => write({ a: F32(0, 16, [3]) }, new Uint8Array(16))],
  ['reversed offsets', /needs 16 bytes, not -16/, () => write({ a: F32(16, 0, [4]) }, new Uint8Array(16))],
  ['a shape beyond numbers', /bad header: a/, () => write({ a: F32(0, 16, [2 ** 52, 2 ** 52]) }, new Uint8Array(16))],
  ['a negative dimension', /bad header: a/, () => write({ a: F32(0, 16, [-2, -2]) }, new Uint8Array(16))],
  ['another dtype', /a is of dtype I8;/, () => write({ a: { ...F32(0, 1, [1]), dtype: 'I8' } }, new Uint8Array(1))],
  ['a prototype as dtype', /dtype constructor; only/, () => write({ a: { ...F32(0, 4), dtype: 'constructor' } })],
  ['no entry', /bad header: a/, () => write({ a: 3 })],
  ['a folder', /is not a file|cannot be read/, () => (file = folder)],
  ['no file', /is missing/, () => (file = join(folder, 'absent'))],
])('%s gets one sentence', async (_, message, make) => {
  file = join(folder, 'bad.safetensors')
  make()
  expect(await refusal()).toMatch(message)
})

test('a header of 2 GB is refused before it is read', async () => {
  file = join(folder, 'huge.safetensors')
  write('{}', undefined, 2n ** 31n)
  // The file has the size that its header says; it is sparse and takes no room on the disk.
  truncateSync(file, 2 ** 31 + 8)
  expect(await refusal()).toMatch('its header would be over 100 MB')
})

test('no change or cut of a good file does anything but load or be refused', async () => {
  file = join(folder, 'fuzzed.safetensors')
  writeSafetensors(file, new Map([['weight', { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }]]))
  const good = readFileSync(file)
  const uniform = uniformStream(1)
  let refused = 0
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(good.subarray(0, round % 3 === 0 ? Math.floor(uniform() * good.length) : good.length))
    const flips = round % 3 === 0 ? 0 : 1 + Math.floor(uniform() * 3)
    for (let flip = 0; flip < flips; flip++) bytes[Math.floor(uniform() * (good.length - 16))] = uniform() * 256
    writeFileSync(file, bytes)
    const result = await readSafetensors(file).catch((error: unknown) => error)
    if (result instanceof Map) continue
    expect(result).toBeInstanceOf(UserError)
    refused++
  }
  expect(refused).toBeGreaterThan(200)
})
