/** On SwiftShader, whose subgroups have four threads. */
import { expect, test, vi } from 'vitest'
import { softwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu } from '../../../testing/webgpu.ts'
import { Gpu } from './device.ts'
import { trySubgroups } from './subgroups.ts'

describeWebGpu('subgroups', () => {
  test('are used where they do what they should', async () => {
    const gpu = new Gpu(await softwareDevice())
    await trySubgroups(gpu)
    expect(gpu.subgroups).toBe(true)
    gpu.check()
    gpu.close()
  })

  test.each([
    ['that add up wrongly', (code: string) => code.replace('subgroupAdd(value)', 'subgroupAdd(value + 1.0)')],
    ['whose lanes lie elsewhere', (code: string) => code.replace('subgroup_id * subgroup_size + place', 'place')],
    ['whose compiler refuses them', (code: string) => code.replace('requires subgroup_id', 'requires something_else')],
  ])('%s are not used, and nothing fails', async (_, spoil) => {
    const device = await softwareDevice()
    const create = device.createShaderModule.bind(device)
    vi.spyOn(device, 'createShaderModule').mockImplementation((one) => create({ ...one, code: spoil(one.code) }))
    const gpu = new Gpu(device)
    await trySubgroups(gpu)
    expect(gpu.subgroups).toBe(false)
    await gpu.done()
    gpu.close()
  })
})
