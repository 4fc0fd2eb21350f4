/**
 * Records a pass of generation: rows that continue sequences, whose keys and values go into pages, and the draws of next tokens.
 * It needs no device, so that a plan records the same (plan.ts).
 */
import type { ModelConfig } from '../engine.ts'
import { FAMILIES } from '../families.ts'
import type { Adapter, GroupName } from './adapters.ts'
import type { Arena } from './arena.ts'
import type { Layer } from './base.ts'
import { embedTokens, type Flow, headNorms, headParams, normalise, project } from './decoder.ts'
import { CHUNK, joinChunks, pagedAttention, pagedTile, partialNumbers } from './kernels/paged-attention.ts'
import { PAGE, rotateToPages } from './kernels/pages.ts'
import { ELEMENTS, gather } from './kernels/rows.ts'
import { DRAW, DRAWN, sample } from './kernels/sample.ts'
import { swiglu } from './kernels/swiglu.ts'
import type { Matrix } from './matrix.ts'
import type { View } from './memory.ts'
import { matrixProduct } from './products.ts'
import { type Item, Program } from './program.ts'
import { rotaryTables } from './rotary-tables.ts'
import type { Model } from './step.ts'

/** Tokens that continue a sequence. The pages have room for them. */
export interface Stretch {
  readonly tokens: ArrayLike<number>
  /** Tokens of the sequence before them, whose keys and values are in the pages. */
  readonly before: number
  readonly pages: readonly number[]
  /** What is drawn from the last token's logits. */
  readonly draws: readonly Draw[]
}

/** How a next token is drawn. */
export interface Draw {
  readonly temperature: number
  readonly top_p: number
  /** In [0, 1). */
  readonly uniform: number
  /** The tokens that may come, in the order of sampling.ts; null for all. */
  readonly choices: readonly number[] | null
}

/** A token that was drawn. */
export interface Drawn {
  readonly token: number
  /** log p of it under the untempered model, in nats. */
  readonly logprob: number
  /** Whether all logits are finite. */
  readonly finite: boolean
}

/** Bytes of logits that are computed at once, about. */
const LOGITS = 2 ** 26

/** Where fewer workgroups would compute the attention of single tokens, and one of them sees more keys, keys are split. */
const FEW_GROUPS = 256
const LONG = 256

/** The most completions whose keys are split. */
export function mostSplit({ num_key_value_heads: keyHeads }: ModelConfig): number {
  return Math.floor((FEW_GROUPS - 1) / keyHeads)
}

/** What the layers of one pass share. */
interface Pass extends Flow {
  readonly model: Model
  readonly by: 'rows' | 'tiles'
  readonly tiles: number
  readonly tile: number
  /** Entries of the plan of attention: tiles, or with `split` chunks of their keys. */
  readonly entries: number
  readonly split: boolean
  readonly tables: Readonly<Record<'plan' | 'joins' | 'tables' | 'slots' | 'cosines' | 'sines', View>>
}

/**
 * Records a pass over some stretches. `by` says how rows are computed: prompts in tiles, and single tokens each on their own.
 * A row's numbers depend on that, and on nothing else of the batch. `drawn` has the draws of all stretches in order, in the form
 * of `readDrawn`.
 */
export function recordContinuation(
  model: Model,
  arena: Arena,
  stretches: readonly Stretch[],
  adapter: Adapter | null,
  cacheOf: (layer: number) => View,
  by: 'rows' | 'tiles',
): { readonly items: readonly Item[]; readonly drawn: View | null } {
  const { config, base } = model
  const program = new Program(arena)
  const { tokens, positions, slots, tables, last } = layOutRows(stretches)
  const { plan, joins, ...attention } = planAttention(model, stretches, by)
  const { cosines, sines } = rotaryTables(config, positions)
  const held = {
    plan: program.hold(plan),
    joins: program.hold(joins),
    tables: program.hold(tables),
    slots: program.hold(slots),
    cosines: program.hold(cosines),
    sines: program.hold(sines),
  }
  const draws = holdDraws(program, config.vocab_size, stretches, last)
  const batch = { rows: tokens.length, tokens }
  const pass: Pass = {
    program,
    config,
    model,
    batch,
    adapter,
    dropout: () => undefined,
    by,
    ...attention,
    tables: held,
  }

  let x = embedTokens(pass, base.embedding)
  base.layers.forEach((weights, layer) => {
    x = continueLayer(pass, weights, layer, x, cacheOf(layer))
  })
  const drawn = draws === null ? null : drawFrom(pass, x, draws)
  program.free(x, ...Object.values(held))
  return { items: program.cut(), drawn }
}

/** The layer's output, in place of its input. */
function continueLayer(pass: Pass, weights: Layer, layer: number, x: View, cache: View): View {
  const { program } = pass
  const qkv = normalised(pass, layer, 'qkv', weights.qkv, x, weights.inputNorm, { bias: weights.bias })
  const mixed = attend(pass, weights, qkv, cache)
  const middle = projected(pass, layer, 'o', weights.o, mixed, { residual: x })
  program.free(mixed, x)
  const act = activate(pass, weights, layer, middle)
  const y = projected(pass, layer, 'down', weights.down, act, { residual: middle })
  program.free(act, middle)
  return y
}

/** Attention of rows of q, k and v, which it frees. */
function attend(pass: Pass, weights: Layer, qkv: View, cache: View): View {
  const { program, config, batch, tables, tile, tiles, entries, split } = pass
  const { rows } = batch
  const { head_dim: size, num_attention_heads: heads, num_key_value_heads: key_heads } = config
  const { plan, joins, tables: pages, slots, cosines, sines } = tables
  const rotated = program.allocate(rows * heads * size)
  program.run(
    rotateToPages({ norm: FAMILIES[config.model_type].qk_norm }),
    { qkv, rotated, cosines, sines, slots, cache, ...headNorms(weights) },
    headParams(config),
    rows * (heads + 2 * key_heads),
  )
  program.free(qkv)
  const mixed = program.allocate(rows * heads * size)
  const shape = { heads: heads / key_heads, key_heads }
  const params = { ...shape, size, scale: 1 / Math.sqrt(size) }
  const views = { plan, tables: pages, rotated, cache }
  if (split) {
    const partials = program.allocate(partialNumbers(entries, key_heads, { size, tile }))
    program.run(pagedAttention({ size, tile, split }), { ...views, partials }, params, entries * key_heads)
    program.run(joinChunks({ size, tile }), { joins, partials, mixed }, shape, tiles * tile * key_heads)
    program.free(partials)
  } else program.run(pagedAttention({ size, tile }), { ...views, mixed }, params, entries * key_heads)
  program.free(rotated)
  return mixed
}

/** SwiGLU of a layer's second half. */
function activate(pass: Pass, weights: Layer, layer: number, middle: View): View {
  const { program, config, batch, by } = pass
  const act = program.allocate(batch.rows * config.intermediate_size)
  // Gate and up of a part may lie in different buffers.
  const gated = by === 'rows' && weights.gateUp.parts.length === 1
  if (gated) {
    normalised(pass, layer, 'gateUp', weights.gateUp, middle, weights.postNorm, { y: act }, true)
    return act
  }
  const gateUp = normalised(pass, layer, 'gateUp', weights.gateUp, middle, weights.postNorm)
  const elements = { rows: batch.rows, columns: config.intermediate_size }
  const groups = Math.ceil((elements.rows * elements.columns) / ELEMENTS)
  program.run(swiglu, { gate_up: gateUp, y: act }, elements, groups)
  program.free(gateUp)
  return act
}

/** The product of a normalised input. Rows on their own are normalised on the way. */
function normalised(
  pass: Pass,
  layer: number,
  name: GroupName,
  matrix: Matrix,
  x: View,
  weight: View,
  beside: Parameters<typeof project>[5] = {},
  gated = false,
): View {
  const { program, config, batch, by } = pass
  if (by === 'rows') {
    const norm = { weight, eps: config.rms_norm_eps }
    return released(program, project(pass, layer, name, matrix, x, beside, { norm, gated }))
  }
  const normed = normalise(program, config, batch.rows, x, weight)
  const y = released(program, project(pass, layer, name, matrix, normed, beside, 'tiles'))
  program.free(normed)
  return y
}

function projected(
  pass: Pass,
  layer: number,
  name: GroupName,
  matrix: Matrix,
  x: View,
  beside: Parameters<typeof project>[5],
): View {
  return released(pass.program, project(pass, layer, name, matrix, x, beside, pass.by === 'rows' ? {} : 'tiles'))
}

/** Of a product, what stays: the adapter's small product is of no more use. */
function released(program: Program, { y, low }: ReturnType<typeof project>): View {
  if (low !== undefined) program.free(low)
  return y
}

/** Rows of all stretches one after the other. `last` has the last row of each stretch. */
function layOutRows(stretches: readonly Stretch[]) {
  const rows = stretches.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const tokens = new Uint32Array(rows)
  const positions = new Int32Array(rows)
  const slots = new Uint32Array(rows)
  const tables: number[] = []
  const last: number[] = []
  let row = 0
  for (const { tokens: own, before, pages } of stretches) {
    for (let i = 0; i < own.length; i++) {
      const position = before + i
      tokens[row + i] = own[i]!
      positions[row + i] = position
      slots[row + i] = pages[Math.floor(position / PAGE)]! * PAGE + (position % PAGE)
    }
    for (const page of pages) tables.push(page)
    row += own.length
    last.push(row - 1)
  }
  return { tokens, positions, slots, tables: Uint32Array.from(tables), last }
}

/** The tiles of queries, and the keys that each sees (kernels/paged-attention.ts). */
function planAttention({ config, workgroupMemory }: Model, stretches: readonly Stretch[], by: Pass['by']) {
  const { head_dim, num_attention_heads, num_key_value_heads: keyHeads } = config
  const heads = num_attention_heads / keyHeads
  const tile = pagedTile(head_dim, workgroupMemory, heads * Math.max(...stretches.map(({ tokens }) => tokens.length)))
  const tiles: {
    readonly words: readonly number[]
    readonly query: number
    readonly end: number
    readonly keys: number
  }[] = []
  let row = 0
  let table = 0
  for (const { tokens, before, pages } of stretches) {
    const last = (row + tokens.length) * heads
    for (let query = row * heads; query < last; query += tile) {
      const end = Math.min(query + tile, last)
      const keys = Math.floor((end - 1) / heads) + before - row + 1
      tiles.push({ words: [query, end, table, before - row], query, end, keys })
    }
    row += tokens.length
    table += pages.length
  }
  const split = by === 'rows' && tiles.length * keyHeads < FEW_GROUPS && tiles.some(({ keys }) => keys > LONG)
  const plan: number[] = []
  const joins: number[] = []
  for (const { words, query, end, keys } of tiles) {
    const step = split ? CHUNK : keys
    joins.push(query, end, plan.length / 8, Math.ceil(keys / step))
    for (let first = 0; first < keys; first += step) plan.push(...words, first, Math.min(first + step, keys), 0, 0)
  }
  return {
    plan: Uint32Array.from(plan),
    joins: Uint32Array.from(split ? joins : []),
    entries: plan.length / 8,
    tiles: tiles.length,
    tile,
    split,
  }
}

/** Rows whose logits are computed together, and what is drawn from them. */
interface Piece {
  readonly rows: readonly number[]
  /** The first of its draws, and their number. */
  readonly first: number
  readonly count: number
}

interface HeldDraws {
  readonly pieces: readonly (Piece & { readonly indices: View })[]
  readonly count: number
  /** The most draws that are made at once. */
  readonly most: number
  readonly draws: View
  readonly choices: View
}

/** The draws of all stretches for the card; null if there are none. `last` has the last row of each stretch. */
function holdDraws(
  program: Program,
  vocabulary: number,
  stretches: readonly Stretch[],
  last: readonly number[],
): HeldDraws | null {
  const all = stretches.flatMap(({ draws }) => draws)
  if (all.length === 0) return null
  const most = Math.max(1, Math.floor(Math.min(LOGITS, program.arena.limit) / (4 * vocabulary)))
  const pieces: { rows: number[]; first: number; count: number }[] = []
  const words = new Uint32Array(DRAW * all.length)
  const floats = new Float32Array(words.buffer)
  const chosen: number[] = []
  let at = 0
  stretches.forEach(({ draws }, index) => {
    if (draws.length === 0) return
    if (pieces.length === 0 || pieces.at(-1)!.rows.length === most) {
      pieces.push({ rows: [], first: at / DRAW, count: 0 })
    }
    const piece = pieces.at(-1)!
    const row = piece.rows.push(last[index]!) - 1
    piece.count += draws.length
    for (const { temperature, top_p, uniform, choices } of draws) {
      words.set([row, chosen.length, choices?.length ?? 0, temperature === 0 ? 1 : 0], at)
      floats.set([1 / Math.max(temperature, 1e-30), top_p, uniform], at + 4)
      for (const token of choices ?? []) chosen.push(token)
      at += DRAW
    }
  })
  return {
    pieces: pieces.map((piece) => ({ ...piece, indices: program.hold(Uint32Array.from(piece.rows)) })),
    count: all.length,
    most,
    draws: program.hold(words),
    choices: program.hold(Uint32Array.from(chosen)),
  }
}

/** Computes the logits, piece by piece, and draws from them. */
function drawFrom(pass: Pass, x: View, { pieces, count, most, draws, choices }: HeldDraws): View {
  const { program, config, model } = pass
  const { hidden_size: columns, vocab_size: vocabulary } = config
  const drawn = program.allocate(DRAWN * count)
  for (const { rows, first, count: own, indices } of pieces) {
    const hidden = program.allocate(rows.length * columns)
    const groups = Math.ceil((rows.length * columns) / ELEMENTS)
    program.run(gather, { x, indices, y: hidden }, { rows: rows.length, columns }, groups)
    const normed = normalise(program, config, rows.length, hidden, model.base.finalNorm)
    const logits = program.allocate(rows.length * vocabulary)
    matrixProduct(program, model.base.head, rows.length, { x: normed, y: logits }, undefined, {})
    for (let draw = first; draw < first + own; draw += most) {
      const together = Math.min(most, first + own - draw)
      const chances = program.allocate(together * vocabulary)
      program.run(sample, { draws, logits, choices, chances, drawn }, { first: draw, vocabulary }, together)
      program.free(chances)
    }
    program.free(hidden, normed, logits, indices)
  }
  program.free(draws, choices, drawn)
  return drawn
}

/** What was drawn, in the order of the draws. */
export function readDrawn(bytes: ArrayBuffer): Drawn[] {
  const words = new Uint32Array(bytes)
  const floats = new Float32Array(bytes)
  return Array.from({ length: words.length / DRAWN }, (_, index) => {
    const at = DRAWN * index
    const [logit, largest, sum] = floats.subarray(at + 1, at + 4)
    return { token: words[at]!, logprob: logit! - largest! - Math.log(sum!), finite: words[at + 4] === 1 }
  })
}
