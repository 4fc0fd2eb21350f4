import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockStore } from './lock.ts'

test('a second command is refused while the first runs, and admitted once that is killed', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lock-')), 'shared.sqlite')
  const lock = join(import.meta.dirname, 'lock.ts')
  const script = `const { lockStore } = await import(${JSON.stringify(lock)}); lockStore(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script])
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  expect(() => lockStore(path)).toThrow(/another command is using/)
  const gone = new Promise((resolve) => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await gone
  lockStore(path)()
})
