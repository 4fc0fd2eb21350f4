/**
 * Records the decoder's layers, forward and backward. A layer that is not kept is computed again from its input before its
 * backward pass (activation checkpointing), by the same dispatches and so to the same bits.
 *
 * Shapes in comments: T rows (tokens), H hidden, F intermediate, Q and K the numbers of all query and key heads.
 */
import type { ModelConfig } from '../engine.ts'
import { FAMILIES } from '../families.ts'
import { type Adapter, type GroupName, groupOf, matricesOf } from './adapters.ts'
import type { Layer } from './base.ts'
import { addBiasGradient, addHeadNormGradients, addMatrixGradient, addNormGradient } from './base-gradients.ts'
import type { Batch } from './batch.ts'
import { attention, attentionBackwardKeys, attentionBackwardQueries, attentionTile } from './kernels/attention.ts'
import { rmsNorm, rmsNormBackward } from './kernels/norm.ts'
import { rotate, rotateBackward } from './kernels/rotary.ts'
import { ELEMENTS, embed } from './kernels/rows.ts'
import { swiglu, swigluBackward } from './kernels/swiglu.ts'
import type { Matrix } from './matrix.ts'
import type { View } from './memory.ts'
import {
  addLoraGradients,
  type Dropout,
  type InputNorm,
  lowColumns,
  lowProduct,
  lowProductBackward,
  matrixProduct,
  matrixProductBackward,
  type ProductBy,
} from './products.ts'
import type { Program } from './program.ts'
import { rotaryTables } from './rotary-tables.ts'
import type { Training } from './training.ts'

/** What products need of a pass. */
export interface Flow {
  readonly program: Program
  readonly config: ModelConfig
  readonly batch: Pick<Batch, 'rows' | 'tokens'>
  readonly adapter: Adapter | null
  /** By layer and group; undefined where nothing is dropped. */
  readonly dropout: (layer: number, group: GroupName) => Dropout | undefined
}

/** What layers of one batch share. */
export interface Pass extends Flow {
  readonly batch: Batch
  readonly tables: {
    readonly queries: View
    readonly keys: View
    readonly cosines: View
    readonly sines: View
  }
  readonly attention: { readonly size: number; readonly tile: number }
}

/** Holds a batch's tables. `memory` is the workgroup memory of the device in bytes. */
export function beginPass(
  program: Program,
  config: ModelConfig,
  batch: Batch,
  adapter: Adapter | null,
  dropout: Pass['dropout'],
  memory: number,
): Pass {
  const { cosines, sines } = rotaryTables(config, batch.positions)
  return {
    program,
    config,
    batch,
    adapter,
    dropout,
    tables: {
      queries: program.hold(batch.queries.entries),
      keys: program.hold(batch.keys.entries),
      cosines: program.hold(cosines),
      sines: program.hold(sines),
    },
    attention: { size: config.head_dim, tile: attentionTile(config.head_dim, memory) },
  }
}

export function endPass({ program, tables }: Pass): void {
  program.free(...Object.values(tables))
}

/** What backward needs of a layer. All but `x` belongs to it. */
export interface Kept {
  /** [T, H] each: the input of the layer and of its second half, and both normalised. */
  readonly x: View
  readonly normed: View
  readonly middle: View
  readonly middleNormed: View
  /** [T, Q + 2K] and, rotated, [T, Q + K]. */
  readonly qkv: View
  readonly rotated: View
  /** [T, Q], and the logarithm of each softmax's sum [T, query heads]. */
  readonly mixed: View
  readonly lse: View
  /** [T, 2F] and [T, F] */
  readonly gateUp: View
  readonly act: View
  /** The adapter's small products, by group. */
  readonly low: Partial<Readonly<Record<GroupName, View>>>
}

/** The embedding of a batch's tokens, [T, H]. */
export function embedTokens({ program, config, batch }: Flow, embedding: Matrix): View {
  const { rows } = batch
  const { hidden_size: hidden } = config
  const tokens = program.hold(batch.tokens)
  const x = program.allocate(rows * hidden)
  for (const { firstRow, rows: partRows, skip, arrays } of embedding.parts) {
    program.run(
      embed({ format: embedding.format, aligned: hidden % 4 === 0 }),
      { ...arrays, tokens, x },
      { rows, first: firstRow, skip, part_rows: partRows, weight_columns: hidden },
      Math.ceil((rows * Math.ceil(hidden / 4)) / ELEMENTS),
    )
  }
  program.free(tokens)
  return x
}

/** y = rms norm of x, for so many rows. */
export function normalise(program: Program, config: ModelConfig, rows: number, x: View, weight: View): View {
  const y = program.allocate(rows * config.hidden_size)
  program.run(rmsNorm, { x, weight, y }, { columns: config.hidden_size, eps: config.rms_norm_eps }, rows)
  return y
}

/** dx += the gradient by way of a norm, and `gradient` += that of the norm's weight, if it is trained. */
export function normaliseBackward(
  program: Program,
  config: ModelConfig,
  rows: number,
  { gradient, ...views }: Record<'x' | 'weight' | 'dy' | 'dx', View> & { readonly gradient: View | undefined },
  add: boolean,
): void {
  if (gradient !== undefined) addNormGradient(program, config.rms_norm_eps, rows, { ...views, gradient })
  const params = { columns: config.hidden_size, eps: config.rms_norm_eps, add: add ? 1 : 0 }
  program.run(rmsNormBackward, views, params, rows)
}

/** The numbers of query heads and of key heads together. */
function headNumbers({ head_dim, num_attention_heads, num_key_value_heads }: ModelConfig) {
  return { queries: head_dim * num_attention_heads, keys: head_dim * num_key_value_heads }
}

/** y = x W^T with the adapter's part, and that part's small product, which backward needs. */
export function project(
  pass: Flow,
  layer: number,
  name: GroupName,
  matrix: Matrix,
  x: View,
  beside: { readonly y?: View; readonly bias?: View | undefined; readonly residual?: View } = {},
  by?: ProductBy,
): { y: View; low: View | undefined } {
  const { program, batch } = pass
  const { rows } = batch
  const { y = program.allocate(rows * matrix.rows), ...added } = beside
  const norm = by === 'tiles' ? undefined : by?.norm
  const low = lowOf(pass, layer, name, matrix, x, norm)
  const group = pass.adapter === null ? undefined : groupOf(pass.adapter, layer, name)
  matrixProduct(program, matrix, rows, { x, y, ...added }, low && group && { low, group }, by)
  return { y, low }
}

/** The adapter's small product of x, if it adapts this group. */
function lowOf(
  pass: Flow,
  layer: number,
  name: GroupName,
  matrix: Matrix,
  x: View,
  norm?: InputNorm,
): View | undefined {
  const { program, batch, adapter } = pass
  const group = adapter === null ? undefined : groupOf(adapter, layer, name)
  if (group === undefined) return undefined
  const low = program.allocate(batch.rows * lowColumns(group))
  lowProduct(program, group, batch.rows, matrix.columns, { x, low }, pass.dropout(layer, name), norm)
  return low
}

/** Computes all of a layer but its last product. Its input stays the caller's. */
export function makeLayer(pass: Pass, weights: Layer, layer: number, x: View): Kept {
  const { program, config, batch, tables } = pass
  const { rows } = batch
  const { queries, keys } = headNumbers(config)
  const normed = normalise(program, config, rows, x, weights.inputNorm)
  const { y: qkv, low: qkvLow } = project(pass, layer, 'qkv', weights.qkv, normed, { bias: weights.bias })
  const rotated = program.allocate(rows * (queries + keys))
  program.run(
    rotate({ norm: FAMILIES[config.model_type].qk_norm }),
    { qkv, rotated, cosines: tables.cosines, sines: tables.sines, ...headNorms(weights) },
    headParams(config),
    rows * (config.num_attention_heads + config.num_key_value_heads),
  )
  const mixed = program.allocate(rows * queries)
  const lse = program.allocate(rows * config.num_attention_heads)
  program.run(
    attention(pass.attention),
    { plan: tables.queries, rotated, qkv, mixed, lse },
    attentionParams(config, batch.queries.tiles),
    batch.queries.tiles * config.num_attention_heads,
  )
  const { y: middle, low: oLow } = project(pass, layer, 'o', weights.o, mixed, { residual: x })
  const middleNormed = normalise(program, config, rows, middle, weights.postNorm)
  const { y: gateUp, low: gateUpLow } = project(pass, layer, 'gateUp', weights.gateUp, middleNormed)
  const act = program.allocate(rows * config.intermediate_size)
  const elements = { rows, columns: config.intermediate_size }
  program.run(swiglu, { gate_up: gateUp, y: act }, elements, elementGroups(rows * config.intermediate_size))
  const downLow = lowOf(pass, layer, 'down', weights.down, act)
  const low = {
    ...(qkvLow && { qkv: qkvLow }),
    ...(oLow && { o: oLow }),
    ...(gateUpLow && { gateUp: gateUpLow }),
    ...(downLow && { down: downLow }),
  }
  return { x, normed, middle, middleNormed, qkv, rotated, mixed, lse, gateUp, act, low }
}

/** The layer's output [T, H]. */
export function finishLayer(pass: Pass, weights: Layer, layer: number, { act, middle, low }: Kept): View {
  const { program, batch, config } = pass
  const y = program.allocate(batch.rows * config.hidden_size)
  const group = pass.adapter === null ? undefined : groupOf(pass.adapter, layer, 'down')
  const adapted = group && low.down && { low: low.down, group }
  matrixProduct(program, weights.down, batch.rows, { x: act, y, residual: middle }, adapted)
  return y
}

/** Frees what a layer keeps, but not its input. */
export function releaseLayer({ program }: Pass, { x: _, low, ...views }: Kept): void {
  program.free(...Object.values(views), ...Object.values(low))
}

/**
 * Turns the gradient of a layer's output into that of its input, in place, adds the gradients of what is trained, and frees
 * what the layer keeps. With `last`, nothing below is trained, so the input's gradient is not computed.
 */
export function backwardLayer(
  pass: Pass,
  training: Training,
  weights: Layer,
  layer: number,
  kept: Kept,
  gradient: View,
  last: boolean,
): void {
  const { program, config, batch, tables } = pass
  const { rows } = batch
  const { queries, keys } = headNumbers(config)
  /** The gradients of the layer's own weights, if these are trained. */
  const own = training.adapter === null ? training.gradients.layers[layer]! : undefined

  const { act, gateUp, middleNormed, middle, mixed, rotated, qkv, lse, normed, x } = kept
  if (weights.down.parts.length === 1) {
    const views = { x: act, dy: gradient, dx: gateUp, swiglu: true }
    projectBackward(pass, training, layer, 'down', weights.down, views, kept)
  } else {
    const dAct = program.allocate(rows * config.intermediate_size)
    projectBackward(pass, training, layer, 'down', weights.down, { x: act, dy: gradient, dx: dAct }, kept)
    const elements = { rows, columns: config.intermediate_size }
    program.run(swigluBackward, { gate_up: gateUp, dy: dAct }, elements, elementGroups(rows * config.intermediate_size))
    program.free(dAct)
  }
  program.free(act)

  const dNormed = program.allocate(rows * config.hidden_size)
  projectBackward(pass, training, layer, 'gateUp', weights.gateUp, { x: middleNormed, dy: gateUp, dx: dNormed }, kept)
  program.free(gateUp, middleNormed)
  normaliseBackward(
    program,
    config,
    rows,
    { x: middle, weight: weights.postNorm, dy: dNormed, dx: gradient, gradient: own?.postNorm },
    true,
  )
  program.free(middle)

  const dMixed = program.allocate(rows * queries)
  projectBackward(pass, training, layer, 'o', weights.o, { x: mixed, dy: gradient, dx: dMixed }, kept)
  if (last && kept.low.qkv === undefined) {
    program.free(dMixed, dNormed, mixed, rotated, qkv, lse, normed)
    return
  }
  const dRotated = program.allocate(rows * (queries + keys))
  const delta = program.allocate(rows * config.num_attention_heads)
  program.run(
    attentionBackwardQueries(pass.attention),
    { plan: tables.queries, rotated, qkv, mixed, d_mixed: dMixed, lse, delta, d_rotated: dRotated },
    attentionParams(config, batch.queries.tiles),
    batch.queries.tiles * config.num_attention_heads,
  )
  const dQkv = program.allocate(rows * (queries + 2 * keys))
  program.run(
    attentionBackwardKeys(pass.attention),
    { plan: tables.keys, rotated, qkv, d_mixed: dMixed, lse, delta, d_rotated: dRotated, d_qkv: dQkv },
    attentionParams(config, batch.keys.tiles),
    batch.keys.tiles * config.num_key_value_heads,
  )
  program.free(mixed, dMixed, rotated, lse, delta)
  if (own !== undefined) addHeadNormGradients(program, config, rows, own, { ...tables, qkv, dRotated })
  const norm = FAMILIES[config.model_type].qk_norm
  program.run(
    rotateBackward({ norm }),
    {
      d_rotated: dRotated,
      d_qkv: dQkv,
      cosines: tables.cosines,
      sines: tables.sines,
      ...(norm && { qkv }),
      ...headNorms(weights),
    },
    headParams(config),
    rows * (config.num_attention_heads + config.num_key_value_heads),
  )
  program.free(dRotated, qkv)
  projectBackward(
    pass,
    training,
    layer,
    'qkv',
    weights.qkv,
    { x: normed, dy: dQkv, ...(!last && { dx: dNormed }) },
    kept,
  )
  if (own?.bias !== undefined) addBiasGradient(program, own.bias, rows, dQkv)
  program.free(dQkv, normed)
  if (!last) {
    const views = { x, weight: weights.inputNorm, dy: dNormed, dx: gradient, gradient: own?.inputNorm }
    normaliseBackward(program, config, rows, views, true)
  }
  program.free(dNormed)
}

/**
 * The gradients of a product: of its input, if `dx` is given (with `swiglu` as matrixProductBackward says), and of what is
 * trained. Frees the adapter's small product.
 */
function projectBackward(
  pass: Pass,
  training: Training,
  layer: number,
  name: GroupName,
  matrix: Matrix,
  { x, dy, dx, swiglu = false }: { readonly x: View; readonly dy: View; readonly dx?: View; readonly swiglu?: boolean },
  { low }: Kept,
): void {
  const { program, batch } = pass
  const { rows } = batch
  const group = pass.adapter === null ? undefined : groupOf(pass.adapter, layer, name)
  const made = low[name]
  if (training.adapter === null || group === undefined || made === undefined) {
    if (training.adapter === null) addMatrixGradient(program, training.gradients.layers[layer]![name], rows, { x, dy })
    if (dx !== undefined) matrixProductBackward(program, matrix, rows, { dy, dx, swiglu })
    return
  }
  const dropout = pass.dropout(layer, name)
  const lowGradient = program.allocate(rows * lowColumns(group))
  lowProductBackward(program, group, rows, matrix.rows, { dy, lowGradient })
  if (dx !== undefined)
    matrixProductBackward(program, matrix, rows, { dy, dx, swiglu }, { lowGradient, group, dropout })
  const gradients = matricesOf(training.adapter.layout.layers[layer]![name]!, training.gradients)
  addLoraGradients(
    program,
    group,
    { rows, inputs: matrix.columns, outputs: matrix.rows },
    { x, dy, low: made, lowGradient, aGradient: gradients.a, bGradient: gradients.b },
    dropout,
  )
  program.free(made, lowGradient)
}

/** The lowest layer that an adapter adapts, or null for an adapter without modules. */
export function lowestAdapted({ layout }: Adapter): number | null {
  const lowest = layout.layers.findIndex((groups) => Object.keys(groups).length > 0)
  return lowest === -1 ? null : lowest
}

export function headNorms({ queryNorm, keyNorm }: Layer): Record<string, View> {
  return queryNorm && keyNorm ? { query_norm: queryNorm, key_norm: keyNorm } : {}
}

export function headParams({ num_attention_heads, num_key_value_heads, head_dim, rms_norm_eps }: ModelConfig) {
  return { query_heads: num_attention_heads, key_heads: num_key_value_heads, size: head_dim, eps: rms_norm_eps }
}

function attentionParams({ num_attention_heads, num_key_value_heads, head_dim }: ModelConfig, tiles: number) {
  const scale = 1 / Math.sqrt(head_dim)
  return { tiles, query_heads: num_attention_heads, key_heads: num_key_value_heads, scale }
}

function elementGroups(count: number): number {
  return Math.ceil(count / ELEMENTS)
}
