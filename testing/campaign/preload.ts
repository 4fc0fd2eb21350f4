/**
 * Loaded into a program before its own code (`node --import`). Counts the program's calls to the file system and to
 * SQLite, and does at one of them what the orders say.
 */
import fs, { type FileHandle } from 'node:fs/promises'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { DatabaseSync as Database, StatementSync as Statement } from 'node:sqlite'
import { type Call, ORDERS, type Orders, type Traced } from './orders.ts'

type Work = (...args: never[]) => unknown

const require = createRequire(import.meta.url)
const files = require('node:fs') as typeof import('node:fs')
const { writeSync, writeFileSync, openSync, closeSync } = files
const { DatabaseSync, StatementSync } = require('node:sqlite') as {
  DatabaseSync: { prototype: Database }
  StatementSync: { prototype: Statement }
}

/** The size of a memory page. A kill can cut a write only between two pages: the system finishes the one at work. */
const PAGE = 4096

const { trace, interruption } = JSON.parse(process.env[ORDERS] ?? '{}') as Partial<Orders>
const calls: Traced[] = []
let counted = 0

/** Counts a call. Returns what is to happen at it. */
function arrive(call: Call): NonNullable<Orders['interruption']>['how'] | undefined {
  if (trace) calls.push([call, performance.now()])
  if (!interruption?.calls.includes(call)) return undefined
  counted++
  const { number, how } = interruption
  return counted === number || (how === 'fail' && counted > number) ? how : undefined
}

/** Kills the whole process group, this process included. */
function die(): never {
  process.kill(0, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function failure(call: Call): Error {
  const code = interruption?.code ?? 'EIO'
  if (call !== 'store')
    return Object.assign(new Error(`${code}: ordered by the campaign, ${call}`), { code, syscall: call })
  // SQLITE_FULL, SQLITE_IOERR: https://www.sqlite.org/rescode.html
  const errcode = code === 'EIO' ? 10 : 13
  const errstr = code === 'EIO' ? 'disk I/O error' : 'database or disk is full'
  return Object.assign(new Error(errstr), { code: 'ERR_SQLITE_ERROR', errcode, errstr })
}

/** Replaces a method by one that is counted. `half` does the first half of what its arguments ask for. */
function count(owner: object, name: string, call: Call, half: (args: unknown[]) => void = () => {}): void {
  const methods = owner as Record<string, Work>
  const method = methods[name] as (this: unknown, ...args: unknown[]) => unknown
  methods[name] = function counted(this: unknown, ...args: unknown[]): unknown {
    switch (arrive(call)) {
      case undefined:
        return method.apply(this, args)
      case 'tell':
        writeSync(3, '.')
        return method.apply(this, args)
      case 'before':
        return die()
      case 'half':
        half(args)
        return die()
      case 'after': {
        const result = method.apply(this, args)
        return result instanceof Promise ? result.then(die) : die()
      }
      case 'fail': {
        const error = failure(call)
        if (method.constructor.name === 'AsyncFunction') return Promise.reject(error)
        throw error
      }
    }
  } as Work
}

function bytesOf(data: unknown): Buffer {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as Uint8Array)
}

/** The pages of the first half. */
function firstHalf(data: unknown): Buffer {
  const bytes = bytesOf(data)
  return bytes.subarray(0, Math.floor(bytes.length / 2 / PAGE) * PAGE)
}

const halfFile = (flag: string) => (args: unknown[]) => {
  const [path, data] = args
  const file = openSync(path as string, flag)
  writeSync(file, firstHalf(data))
  closeSync(file)
}
const halfDescriptor = ([file, data]: unknown[]) => void writeSync(file as number, firstHalf(data))

count(files, 'writeFileSync', 'write', halfFile('w'))
count(files, 'appendFileSync', 'write', halfFile('a'))
count(files, 'writeSync', 'write', halfDescriptor)
count(files, 'copyFileSync', 'write')
count(files, 'fsyncSync', 'fsync')
count(files, 'renameSync', 'rename')
count(files, 'rmSync', 'remove')
count(files, 'unlinkSync', 'remove')
count(files, 'mkdirSync', 'mkdir')
count(fs, 'writeFile', 'write')
count(fs, 'copyFile', 'write')
count(fs, 'rename', 'rename')
count(fs, 'rm', 'remove')
count(fs, 'unlink', 'remove')
count(fs, 'mkdir', 'mkdir')
count(fs, 'mkdtemp', 'mkdir')

const any: FileHandle = await fs.open(process.execPath)
const handle: object = Object.getPrototypeOf(any)
await any.close()
count(handle, 'write', 'write')
count(handle, 'sync', 'fsync')

count(DatabaseSync.prototype, 'exec', 'store')
count(StatementSync.prototype, 'run', 'store')

syncBuiltinESMExports()

if (trace) process.on('exit', () => writeFileSync(trace, JSON.stringify(calls)))
