import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'

/** A process that prints 'ready', then 'stopping', and never ends by itself. */
async function stubborn() {
  const script = `
    const { stopOnSignals } = await import(${JSON.stringify(join(import.meta.dirname, 'stop.ts'))})
    stopOnSignals(() => console.log('stopping'))
    setInterval(() => {}, 1000)
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  while (!output.includes('ready')) await pause(10)
  return { child, exit, output: () => output }
}

test('one press that arrives several times stops once; a second press quits with 130', async () => {
  const { child, exit, output } = await stubborn()
  child.kill('SIGINT')
  await pause(50)
  child.kill('SIGINT')
  await pause(800)
  expect(output()).toBe('ready\nstopping\n')
  expect(child.exitCode).toBeNull()
  child.kill('SIGINT')
  expect(await exit).toBe(130)
})
