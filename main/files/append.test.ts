import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { appendLines } from './append.ts'
import { writeFileAtomic } from './file.ts'
import { OWN } from './unfinished.ts'

const fresh = () => join(mkdtempSync(join(tmpdir(), 'append-')), 'lines.txt')

test('two processes that add lines at once lose none', async () => {
  const path = fresh()
  const program = `import { appendLines } from ${JSON.stringify(join(import.meta.dirname, 'append.ts'))}
    for (let at = 0; at < 40; at++) appendLines(process.argv[1], () => [process.argv[2] + at])`
  const ended = ['a', 'b'].map((name) =>
    once(
      spawn(process.execPath, ['--input-type=module-typescript', '-e', program, path, name], { stdio: 'inherit' }),
      'exit',
    ),
  )
  expect((await Promise.all(ended)).map(([code]) => code)).toEqual([0, 0])
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(new Set(lines).size).toBe(80)
})

test('a link to the file stays a link, and the lock of a process that has ended is taken over', () => {
  const path = fresh()
  writeFileSync(path, 'one')
  symlinkSync(path, `${path}.link`)
  symlinkSync(OWN.replace(/^\d+/, '999999999'), `${path}.lock`)
  expect(appendLines(`${path}.link`, (content) => [`${content} more`])).toBe(1)
  expect(readFileSync(path, 'utf8')).toBe('one\none more\n')
  expect(readlinkSync(`${path}.link`)).toBe(path)
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('the next writer in the folder removes the lock of a process that has ended, and no other', () => {
  const path = fresh()
  symlinkSync(OWN.replace(/^\d+/, '999999999'), `${path}.lock`)
  symlinkSync(OWN, `${path}.other.lock`)
  symlinkSync('somewhere', `${path}.link.lock`)
  writeFileAtomic(join(dirname(path), 'else.txt'), '')
  expect(readdirSync(dirname(path)).sort()).toEqual(['else.txt', 'lines.txt.link.lock', 'lines.txt.other.lock'])
})
