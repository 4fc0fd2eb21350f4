/** SwiftShader, the software adapter that every Chromium brings along, through Dawn in this process. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import path from 'node:path'
import { findChromium } from '../main/chromium/find.ts'
import { SOFTWARE_WITHOUT } from '../main/engine/host/adapter.ts'
import { wantedLimits } from '../main/engine/webgpu/device.ts'

/** The folder with SwiftShader and Vulkan's loader, beside the browser. */
async function swiftShader(): Promise<string | null> {
  const chromium = await findChromium().catch(() => undefined)
  const folders = [...(chromium === undefined ? [] : [path.dirname(chromium)]), '/usr/lib/chromium']
  return folders.find((folder) => existsSync(path.join(folder, 'vk_swiftshader_icd.json'))) ?? null
}

const folder = await swiftShader()
/** Whether `softwareDevice` works here. */
export const hasSwiftShader = folder !== null
const require = createRequire(import.meta.url)
/** Whether the npm package webgpu is there. */
export const dawnInstalled = (() => {
  try {
    require.resolve('webgpu')
    return true
  } catch {
    return false
  }
})()

/** dlopen's flag that keeps a library in the process, on Linux. Node has no name for it. */
const RTLD_NODELETE = 0x1000

/** Dawn's instance: no device works without it, so it has to be referenced as long as one is used. */
let instance: GPU | null = null

/** A new device of the software adapter with all its limits. An adapter gives only one device. */
export async function softwareDevice(): Promise<GPUDevice> {
  if (folder === null) throw new Error('There is no software adapter.')
  process.env.VK_ICD_FILENAMES = path.join(folder, 'vk_swiftshader_icd.json')
  if (instance === null) {
    // Dawn looks for Vulkan's loader by name. Where the system has none, Chromium's is loaded first and found by that name.
    try {
      process.dlopen(
        { exports: {} },
        path.join(folder, 'libvulkan.so.1'),
        constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE,
      )
    } catch {
      // It is no addon, and stays loaded all the same.
    }
    const { create } = await import('webgpu')
    instance = create([`disable-dawn-features=${SOFTWARE_WITHOUT}`])
  }
  const adapter = await instance.requestAdapter()
  if (adapter === null) throw new Error('The software adapter does not start.')
  return adapter.requestDevice({ requiredFeatures: optional(adapter), requiredLimits: wantedLimits(adapter) })
}

let shared: Promise<GPUDevice> | null = null

/**
 * One device for many engines. An engine's `close` leaves it open, so the next engine finds pipelines of the same kernels
 * compiled: on SwiftShader that takes longer than what they compute in a test.
 */
export function sharedSoftwareDevice(): Promise<GPUDevice> {
  shared ??= softwareDevice().then(
    (device) =>
      new Proxy(device, {
        get(_, name) {
          if (name === 'destroy') return () => {}
          const value: unknown = Reflect.get(device, name, device)
          return typeof value === 'function' ? value.bind(device) : value
        },
      }),
  )
  return shared
}

function optional({ features }: GPUAdapter): GPUFeatureName[] {
  return (['subgroups', 'shader-f16'] as const).filter((feature) => features.has(feature))
}
