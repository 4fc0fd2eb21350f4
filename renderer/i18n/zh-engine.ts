/** 引擎对自己的描述，由各部分组成；指令集与格式的名称保持原样。 */
import type { ErrorWords, Templates } from './errors.ts'
import { errors } from './zh-errors.ts'

const THREADS: Templates = { '1 thread': '1 个线程', '{threads} threads': '{threads} 个线程' }

export const engine: ErrorWords = {
  sentences: {
    'native, {kernels}, {count}': '原生，{kernels}，{count}',
    'native, {kernels}, {count}; weights {precision}, embedding and head {head}':
      '原生，{kernels}，{count}；权重 {precision}，嵌入与输出层 {head}',
    'TensorFlow.js {where}, {count}': 'TensorFlow.js，{where}，{count}',
    'TensorFlow.js {where}, {count}; chosen because: {problem} Training is many times slower than with the native engine':
      'TensorFlow.js，{where}，{count}；选用它是因为：{problem}训练比用原生引擎慢许多倍',
  },
  parts: {
    ...errors.parts,
    kernels: {
      portable: '通用指令',
      '{set} with products in bf16': '{set}，乘积用 bf16',
      '{set} with products in bf16 by AMX': '{set}，乘积由 AMX 用 bf16 计算',
      '{set} with products in bf16 (AMX is slower here)': '{set}，乘积用 bf16（AMX 在此机器上更慢）',
      '{set} with products in bf16 (AMX is wrong here)': '{set}，乘积用 bf16（AMX 在此机器上结果不对）',
    },
    count: {
      ...THREADS,
      'on an NVIDIA card': '使用 NVIDIA 显卡',
      'on the processor, as CUDA 11 found no card': '使用处理器，因为 CUDA 11 没有找到显卡',
    },
    where: {
      'on WebAssembly': '运行于 WebAssembly',
      'in plain JavaScript': '运行于纯 JavaScript',
      'on libtensorflow': '运行于 libtensorflow',
    },
    problem: errors.sentences,
  },
}
