import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { configSchema } from '../main/config/schema.ts'
import { openMlflow } from './mlflow.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlflow-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const config = (uri: string | null) =>
  configSchema.parse({ paths: { store: join(folder, 'lab.sqlite') }, tracking: { uri } })
const page = (program: string, signal = new AbortController().signal) => ({ say() {}, port: 5001, signal, program })

/** A program that stands in for mlflow. */
function script(text: string): string {
  const path = join(folder, 'mlflow')
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

test('mlflow is started on the folder of the runs, may read it, and ends with the command', async () => {
  const told = join(folder, 'told')
  const program = script(`echo "$@ $MLFLOW_ALLOW_FILE_STORE" > ${told}\nexec sleep 60`)
  const stop = new AbortController()
  const running = openMlflow(config('auto'), page(program, stop.signal))
  await vi.waitFor(() => expect(readFileSync(told, 'utf8')).toContain('true'), 5000)
  stop.abort()
  await running
  expect(readFileSync(told, 'utf8')).toBe(`ui --backend-store-uri file://${folder}/mlruns --port 5001 true\n`)
})

test('a port in use is reported before the address is printed', async () => {
  const server = createServer().listen(5001, '127.0.0.1')
  await once(server, 'listening')
  await expect(openMlflow(config('auto'), page(script('exit 0')))).rejects.toThrow('Port 5001 is taken')
  server.close()
})

test('each obstacle gets a message', async () => {
  await expect(openMlflow(config(null), page('mlflow'))).rejects.toThrow('set it to auto')
  await expect(openMlflow(config('http://gpu:5000'), page('mlflow'))).rejects.toThrow('at http://gpu:5000: open')
  await expect(openMlflow(config('auto'), page(join(folder, 'absent')))).rejects.toThrow('pip install mlflow')
  await expect(openMlflow(config('auto'), page(script('exit 3')))).rejects.toThrow('mlflow ended with 3')
})
