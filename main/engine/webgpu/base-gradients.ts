/** Records the gradients of the base model's own weights, for training without an adapter. */
import type { ModelConfig } from '../engine.ts'
import type { Layer } from './base.ts'
import { tiles } from './kernels/tile.ts'
import { biasGradient, headNormGradient, normGradient, rmsScales, SUMMED } from './kernels/vectors.ts'
import { EMBED_QUADS, embedGradient, weightGradient } from './kernels/weights.ts'
import type { Matrix } from './matrix.ts'
import type { View } from './memory.ts'
import type { Program } from './program.ts'

/** Of y = x W^T, with x [rows, columns of W] and dy [rows, rows of W]. */
export function addMatrixGradient(
  program: Program,
  { rows: outputs, columns: inputs, parts }: Matrix,
  rows: number,
  { x, dy }: { readonly x: View; readonly dy: View },
): void {
  const kernel = weightGradient({ inputsAligned: inputs % 4 === 0, outputsAligned: outputs % 4 === 0 })
  for (const { firstRow, rows: partRows, skip, arrays } of parts) {
    const params = { rows, inputs, outputs, first: firstRow, skip, part_rows: partRows }
    program.run(kernel, { x, dy, gradient: arrays.weight! }, params, tiles(partRows) * tiles(inputs))
  }
}

/** Of a bias that is added to each row. */
export function addBiasGradient(program: Program, gradient: View, rows: number, dy: View): void {
  const columns = gradient.bytes / 4
  program.run(biasGradient, { dy, gradient }, { rows, columns }, Math.ceil(columns / SUMMED))
}

/** Of the weight of a norm over whole rows of x; dy is the gradient of what the norm returns. */
export function addNormGradient(
  program: Program,
  eps: number,
  rows: number,
  { gradient, x, dy }: { readonly gradient: View; readonly x: View; readonly dy: View },
): void {
  const columns = gradient.bytes / 4
  const scales = program.allocate(rows)
  program.run(rmsScales, { x, scales }, { heads: 1, size: columns, stride: columns, eps }, rows)
  program.run(normGradient, { x, dy, scales, gradient }, { rows, columns }, Math.ceil(columns / SUMMED))
  program.free(scales)
}

/** Of the norms of q and k, from the gradient of what `rotate` returns. Nothing for a model without them. */
export function addHeadNormGradients(
  program: Program,
  config: ModelConfig,
  rows: number,
  { queryNorm, keyNorm }: Layer,
  { qkv, dRotated, cosines, sines }: Readonly<Record<'qkv' | 'dRotated' | 'cosines' | 'sines', View>>,
): void {
  if (queryNorm === undefined || keyNorm === undefined) return
  const { query_heads, key_heads, size, eps } = headShape(config)
  const heads = query_heads + key_heads
  const scales = program.allocate(rows * heads)
  program.run(rmsScales, { x: qkv, scales }, { heads, size, stride: (heads + key_heads) * size, eps }, rows * heads)
  program.run(
    headNormGradient,
    {
      qkv,
      d_rotated: dRotated,
      cosines,
      sines,
      scales,
      query_gradient: queryNorm,
      key_gradient: keyNorm,
    },
    { rows, query_heads, key_heads, size },
    size,
  )
  program.free(scales)
}

function headShape({ num_attention_heads, num_key_value_heads, head_dim, rms_norm_eps }: ModelConfig) {
  return { query_heads: num_attention_heads, key_heads: num_key_value_heads, size: head_dim, eps: rms_norm_eps }
}

/** Of the embedding of a batch's tokens, from the gradient dx of the first layer's input. */
export function addEmbeddingGradient(
  program: Program,
  { columns, parts }: Matrix,
  tokensOfRows: Uint32Array,
  dx: View,
): void {
  const rowsOf = new Map<number, number[]>()
  tokensOfRows.forEach((token, row) => {
    const rows = rowsOf.get(token)
    if (rows === undefined) rowsOf.set(token, [row])
    else rows.push(row)
  })
  const starts = new Uint32Array(rowsOf.size + 1)
  ;[...rowsOf.values()].forEach((rows, index) => {
    starts[index + 1] = starts[index]! + rows.length
  })
  const held = {
    tokens: program.hold(Uint32Array.from(rowsOf.keys())),
    starts: program.hold(starts),
    users: program.hold(Uint32Array.from([...rowsOf.values()].flat())),
  }
  const groups = rowsOf.size * Math.ceil(columns / 4 / EMBED_QUADS)
  for (const { firstRow, rows, skip, arrays } of parts) {
    program.run(
      embedGradient({ aligned: columns % 4 === 0 }),
      { dx, ...held, gradient: arrays.weight! },
      { columns, first: firstRow, skip, part_rows: rows },
      groups,
    )
  }
  program.free(...Object.values(held))
}
