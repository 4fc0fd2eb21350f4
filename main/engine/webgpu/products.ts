/** Records the products of a layer: the base model's matrix and an adapter's part. */
import { dropoutLimit } from '../dropout.ts'
import { gradientGroups, loraGradients, loraLow, loraLowBackward, lowGroups } from './kernels/lora.ts'
import { FEW_ROWS, product, productBackward, productOfRows, rowGroups } from './kernels/product.ts'
import { tiles } from './kernels/tile.ts'
import type { Matrix } from './matrix.ts'
import type { View } from './memory.ts'
import type { Program } from './program.ts'

/** Products with more rows are computed in tiles. */
const MOST_FEW_ROWS = 16

/**
 * An adapter's part of the projections of one matrix, in the order of its outputs: up to three modules. `rank` is the largest
 * of theirs, rounded up to a multiple of four; the rest of smaller ones is zeros, and so is a module that is not adapted.
 */
export interface LoraGroup {
  readonly rank: number
  /** The first output of each module. */
  readonly starts: readonly number[]
  /** The factor of B A in each module. */
  readonly scales: readonly number[]
  /** lora_a [modules * rank, inputs], each row from a multiple of four numbers on, and lora_b [outputs, rank]. */
  readonly a: View
  readonly b: View
}

/** Which inputs are dropped: with probability `p`, by a key for each row (engine/dropout.ts). */
export interface Dropout {
  readonly p: number
  readonly keys: View
}

/** Numbers of `low` in a row. */
export function lowColumns({ rank, starts }: LoraGroup): number {
  return rank * starts.length
}

function moduleParams(outputs: number, group: LoraGroup | undefined) {
  const [, second = outputs, third = outputs] = group?.starts ?? []
  return { second, third, rank: group?.rank ?? 4, low_columns: group === undefined ? 0 : lowColumns(group) }
}

function scaleParams({ scales: [scale0 = 0, scale1 = 0, scale2 = 0] }: LoraGroup) {
  return { scale0, scale1, scale2 }
}

function dropoutParams(dropout: Dropout | undefined) {
  return {
    dropout_limit: dropout === undefined ? 0 : dropoutLimit(dropout.p),
    dropout_scale: dropout === undefined ? 1 : 1 / (1 - dropout.p),
  }
}

interface ForwardViews {
  /** [rows, columns of the matrix] */
  readonly x: View
  /** [rows, rows of the matrix] */
  readonly y: View
  readonly bias?: View | undefined
  /** As y. */
  readonly residual?: View | undefined
}

/** A norm of the input, which the product of few rows computes itself. */
export interface InputNorm {
  readonly weight: View
  readonly eps: number
}

/** How rows are computed: in tiles, or each on its own, perhaps with more on the way. Sums are rounded differently. */
export type ProductBy = 'tiles' | { readonly norm?: InputNorm; readonly gated?: boolean }

/**
 * y = x W^T + bias + residual + low lora_b^T, where `low` is what `lowProduct` made of x. By default rows are computed as their
 * number suggests.
 */
export function matrixProduct(
  program: Program,
  { format, rows: outputs, columns: inputs, parts }: Matrix,
  rows: number,
  { x, y, bias, residual }: ForwardViews,
  lora?: { readonly low: View; readonly group: LoraGroup },
  by: ProductBy = rows <= MOST_FEW_ROWS ? {} : 'tiles',
): void {
  const options = {
    format,
    inputsAligned: inputs % 4 === 0,
    outputsAligned: outputs % 4 === 0,
    bias: bias !== undefined,
    residual: residual !== undefined,
    lora: lora !== undefined,
  }
  for (const { firstRow, rows: partRows, skip, arrays } of parts) {
    const views = {
      ...arrays,
      x,
      y,
      ...(bias && { bias }),
      ...(residual && { residual }),
      ...(lora && { low: lora.low, lora_b: lora.group.b }),
    }
    const params = {
      rows,
      inputs,
      outputs,
      first: firstRow,
      skip,
      part_rows: partRows,
      weight_columns: inputs,
      ...moduleParams(outputs, lora?.group),
    }
    if (by === 'tiles') {
      program.run(product(options), views, params, tiles(rows) * tiles(partRows))
      continue
    }
    const { norm, gated = false } = by
    const block = FEW_ROWS.find((count) => count >= rows) ?? FEW_ROWS.at(-1)!
    const made = { ...options, block, norm: norm !== undefined, gated }
    program.run(
      productOfRows(made),
      { ...views, ...(norm && { norm: norm.weight }) },
      { ...params, eps: norm?.eps ?? 0 },
      rowGroups(made, rows, partRows),
    )
  }
}

interface BackwardViews {
  /** [rows, rows of the matrix] */
  readonly dy: View
  /** [rows, columns of the matrix] */
  readonly dx: View
  readonly add?: boolean
  readonly swiglu?: boolean
}

/**
 * dx = dy W + dropped(low_gradient lora_a), or adds this to dx. With `swiglu`, dx has gate and up, which become the gradients of
 * these (see productBackward); the matrix has one part then.
 */
export function matrixProductBackward(
  program: Program,
  { format, rows: outputs, columns: inputs, parts }: Matrix,
  rows: number,
  { dy, dx, add = false, swiglu = false }: BackwardViews,
  lora?: { readonly lowGradient: View; readonly group: LoraGroup; readonly dropout?: Dropout | undefined },
): void {
  parts.forEach(({ firstRow, rows: partRows, skip, arrays }, index) => {
    const adapted = index === 0 ? lora : undefined
    const dropout = adapted?.dropout
    program.run(
      productBackward({
        format,
        inputsAligned: inputs % 4 === 0,
        outputsAligned: outputs % 4 === 0,
        lora: adapted !== undefined,
        dropout: dropout !== undefined,
        swiglu,
      }),
      {
        ...arrays,
        dy,
        [swiglu ? 'gate_up' : 'dx']: dx,
        ...(adapted && { low_gradient: adapted.lowGradient, lora_a: adapted.group.a }),
        ...(dropout && { keys: dropout.keys }),
      },
      {
        rows,
        inputs,
        outputs,
        first: firstRow,
        skip,
        part_rows: partRows,
        weight_columns: inputs,
        low_columns: adapted === undefined ? 0 : lowColumns(adapted.group),
        add: add || index > 0 ? 1 : 0,
        ...dropoutParams(dropout),
      },
      tiles(rows) * tiles(inputs),
    )
  })
}

/** low = scale dropped(x) lora_a^T, [rows, lowColumns]. With a norm, of x / rms(x) * weight. */
export function lowProduct(
  program: Program,
  group: LoraGroup,
  rows: number,
  inputs: number,
  { x, low }: { readonly x: View; readonly low: View },
  dropout?: Dropout,
  norm?: InputNorm,
): void {
  const columns = lowColumns(group)
  program.run(
    loraLow({ inputsAligned: inputs % 4 === 0, dropout: dropout !== undefined, norm: norm !== undefined }),
    { x, low, lora_a: group.a, ...(dropout && { keys: dropout.keys }), ...(norm && { norm: norm.weight }) },
    {
      rows,
      inputs,
      columns,
      rank: group.rank,
      eps: norm?.eps ?? 0,
      ...scaleParams(group),
      ...dropoutParams(dropout),
    },
    lowGroups(rows, columns),
  )
}

/** low_gradient = scale dy lora_b, [rows, lowColumns]. */
export function lowProductBackward(
  program: Program,
  group: LoraGroup,
  rows: number,
  outputs: number,
  { dy, lowGradient }: { readonly dy: View; readonly lowGradient: View },
): void {
  const columns = lowColumns(group)
  const { second, third, rank } = moduleParams(outputs, group)
  program.run(
    loraLowBackward,
    { dy, low: lowGradient, lora_b: group.b },
    { rows, outputs, columns, second, third, rank, ...scaleParams(group) },
    lowGroups(rows, columns),
  )
}

interface GradientViews {
  readonly x: View
  readonly dy: View
  readonly low: View
  readonly lowGradient: View
  /** As the group's a and b. */
  readonly aGradient: View
  readonly bGradient: View
}

/** Adds to the gradients of a group's matrices. */
export function addLoraGradients(
  program: Program,
  group: LoraGroup,
  { rows, inputs, outputs }: Record<'rows' | 'inputs' | 'outputs', number>,
  { x, dy, low, lowGradient, aGradient, bGradient }: GradientViews,
  dropout?: Dropout,
): void {
  const { second, third, rank } = moduleParams(outputs, group)
  const shape = { inputs, outputs, second, third, rank }
  const { a, groups } = gradientGroups({ ...shape, modules: group.starts.length })
  program.run(
    loraGradients({
      inputsAligned: inputs % 4 === 0,
      outputsAligned: outputs % 4 === 0,
      dropout: dropout !== undefined,
    }),
    {
      x,
      dy,
      low,
      low_gradient: lowGradient,
      a_gradient: aGradient,
      b_gradient: bGradient,
      ...(dropout && { keys: dropout.keys }),
    },
    { a_groups: a, rows, columns: lowColumns(group), ...shape, ...dropoutParams(dropout) },
    groups,
  )
}
