import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/config.ts'
import { readOptional, readOptionalSync } from '../engine/checkpoint/model-file.ts'
import { readSafetensors } from '../engine/checkpoint/safetensors.ts'
import { readText } from '../preferences/data-file.ts'
import { writeFileAtomic } from './file.ts'
import { refusePipe } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-'))
const pipe = join(folder, 'pipe')

test('files, folders, devices and what is missing are left to the reader', () => {
  writeFileSync(join(folder, 'file'), '')
  for (const path of ['file', '.', 'missing']) refusePipe(join(folder, path))
  refusePipe('/dev/null')
})

test.skipIf(process.platform === 'win32')(
  'a named pipe is told in a sentence by every reader, and by a writer',
  async () => {
    execFileSync('mkfifo', [pipe])
    expect(() => readText(pipe)).toThrow(/cannot be read \(it is a pipe\)/)
    expect(() => readOptionalSync(pipe)).toThrow(/cannot be read: it is a pipe/)
    await expect(readOptional(pipe)).rejects.toThrow(/cannot be read: it is a pipe/)
    await expect(readSafetensors(pipe)).rejects.toThrow(/cannot be read \(it is a pipe\)/)
    expect(() => loadConfig(pipe)).toThrow(/cannot be read \(it is a pipe\)/)
    expect(() => writeFileAtomic(pipe, 'x')).toThrow(/is a pipe that nobody reads/)
  },
)
