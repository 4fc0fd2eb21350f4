/** Starts the host that a configuration asks for. */
import type { WebGpuHost } from '../../config/choices.ts'
import { UserError } from '../../messages/error.ts'
import { type AdapterFacts, type AdapterWish, SOFTWARE } from './adapter.ts'
import type { Host } from './host.ts'
import { startNodeHost } from './node-host.ts'
import { chromiumPage, type OpensHostPage, startPageHost } from './page-host.ts'
import { askAdapter } from './remote-engine.ts'
import { swiftShaderVariables } from './swift-shader.ts'

export interface GpuOptions extends AdapterWish {
  /** 'auto' is a window in the desktop app, and a Node process elsewhere. */
  readonly host: WebGpuHost
}

export const DEFAULT_GPU: GpuOptions = { host: 'auto', name: null, power: null }

/** Opens the pages of hosts in the desktop app's hidden windows, because Dawn cannot run in its processes. */
let windows: OpensHostPage | null = null

/** From now on, pages of hosts open with this function. The desktop app calls it when it starts. */
export function openHostPagesWith(open: OpensHostPage): void {
  windows = open
}

/** Throws UserError where the host does not start. */
export async function startGpuHost({ host, name }: GpuOptions): Promise<Host> {
  const software = name === SOFTWARE
  if (host === 'page' || (host === 'auto' && windows !== null)) {
    return startPageHost(windows ?? (() => chromiumPage(software)))
  }
  if (windows !== null) throw new UserError('gpuHostNotHere')
  return startNodeHost({ variables: software ? await swiftShaderVariables() : {} })
}

/** The adapter that an engine would compute on. Throws UserError where there is none, or its host does not start. */
export async function findAdapter(options: GpuOptions): Promise<AdapterFacts> {
  return askAdapter(await startGpuHost(options), options)
}
