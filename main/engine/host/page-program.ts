/** The host program in a page: the browser's own WebGPU. */
import { gpuProgram } from './gpu-engine.ts'
import { servePage } from './page-process.ts'

await servePage(gpuProgram(async () => navigator.gpu))
