import { expect, test } from 'vitest'
import { message } from '../messages/message.ts'
import { EnvironmentFault } from './fault.ts'
import { hindrance, knownCause, launchFailure } from './launch-failure.ts'

const ended = (said: string, how = 'SIGTRAP') => ({ how, said, killed: false })

test.each([
  ['[1:2:FATAL:base/message_pump_epoll.cc:143] Check failed: . : Too many open files (24)', 'browserOpenFiles'],
  ['[1:1:FATAL:content/zygote_host_impl_linux.cc:127] No usable sandbox! If you are running on', 'browserSandbox'],
  ['FATAL: Failed to move to new namespace: PID namespaces supported, but failed: errno = 1', 'browserSandbox'],
  [
    '[7:7:ERROR:platform_thread_posix.cc:162] pthread_create: Resource temporarily unavailable (11)',
    'browserProcesses',
  ],
  ['mmap failed: Cannot allocate memory', 'browserMemory'],
  ['Creating shared memory in /tmp/x failed: No space left on device (28)', 'temporaryFolderFull'],
  ['chrome: error while loading shared libraries: libnss3.so: cannot open shared object file', 'browserLibrary'],
] as const)('%s is told as %s', (said, id) => {
  expect(knownCause('/usr/bin/chromium', ended(said), 4096)?.messages[0]).toMatchObject({ id })
})

test('a low limit on open files is the cause, also where the browser says nothing of it', () => {
  expect(knownCause('c', ended('', 'SIGILL'), 96)?.message).toMatch(/more open files than the limit of 96 allows/)
  expect(knownCause('c', ended('', 'SIGILL'), 1024)).toBeUndefined()
})

test('a low limit on file size is told before the browser starts in vain', () => {
  expect(hindrance('c', 400_000)?.message).toMatch(/larger files than the limit of 400,?000 bytes allows/)
  expect(hindrance('c', Number.POSITIVE_INFINITY)).toBeUndefined()
})

test('any other cause is told in the browser’s own words, or by how it ended', () => {
  const fatal = ended('[1:1:ERROR:a.cc:1] less\n[1:1:1129/1.2:FATAL:b.cc:2] The reason.\nmore')
  expect(launchFailure('c', new Error('Target closed'), fatal).message).toMatch(/c did not start \(The reason\.\): run/)
  const silent = { how: 'exit 1', said: '', killed: false }
  expect(launchFailure('c', new Error('Target closed'), silent).message).toMatch(/\(it ended \(exit 1\)\): run/)
  const script = { ...silent, said: 'a\nno display\n' }
  expect(launchFailure('c', new Error('Target closed'), script).message).toMatch(/\(it ended \(exit 1: no display\)\)/)
  expect(launchFailure('c', new Error('Target closed'), { ...silent, killed: true }).message).toMatch(/it was killed/)
  const late = new EnvironmentFault('tookTooLong', { work: message('work.startBrowser'), limit: 9 })
  expect(launchFailure('c', late, { ...silent, killed: true }).message).toMatch(
    /starting the browser took longer than 9 ms/,
  )
})
