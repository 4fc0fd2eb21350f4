/** The host program in a Node process: Dawn, from the npm package webgpu. */
import { UserError } from '../../messages/error.ts'
import { reasonOf } from '../../messages/reason.ts'
import { SOFTWARE, SOFTWARE_WITHOUT } from './adapter.ts'
import { gpuProgram } from './gpu-engine.ts'
import { serveProcess } from './node-process.ts'

/** No device works without its instance, so it has to be referenced as long as this process lives. */
const instances: GPU[] = []

function flags(name: string | null): string[] {
  if (name === SOFTWARE) return [`disable-dawn-features=${SOFTWARE_WITHOUT}`]
  // Matrix units are an experiment, which Dawn offers only to those who ask.
  return ['enable-dawn-features=allow_unsafe_apis', ...(name === null ? [] : [`adapter=${name}`])]
}

await serveProcess(
  gpuProgram(async ({ name }) => {
    const { create } = await import('webgpu').catch((error: unknown) => {
      throw new UserError('gpuPackageMissing', { reason: reasonOf(error) })
    })
    const gpu = create(flags(name))
    instances.push(gpu)
    return gpu
  }),
)
