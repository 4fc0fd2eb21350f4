/** What every host program in a Node process does: it serves over its pipes, and ends with the lab. */
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { pipePort } from './pipe-port.ts'
import { type HostProgram, serveEngine } from './serve.ts'

/** A computation that hangs keeps this thread from hearing that the lab is gone, so another thread looks. */
const WATCH = `
  const parent = process.ppid
  const alive = () => {
    try {
      // Windows keeps the number of a parent that is gone.
      return process.ppid === parent && process.kill(parent, 0)
    } catch (error) {
      return error.code === 'EPERM'
    }
  }
  setInterval(() => alive() || process.kill(process.pid, 'SIGKILL'), 500)
`

/** Serves until the lab closes the engine or is gone, and then ends the process. */
export async function serveProcess(program: HostProgram): Promise<never> {
  new Worker(WATCH, { eval: true }).unref()
  const input = new Socket({ fd: 3, readable: true, writable: false })
  const output = new Socket({ fd: 4, readable: false, writable: true })
  for (const stream of [input, output]) {
    stream.on('error', () => {})
    stream.once('close', () => process.exit())
  }
  await serveEngine(pipePort(input, output), program)
  process.exit()
}
