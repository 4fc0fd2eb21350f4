/** Compares the kernels beside the products with double precision, on odd shapes between poisoned memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { softwareDevice } from '../../../../testing/software-device.ts'
import { Bench, describeWebGpu, expectNear, picker, randomFloats } from '../../../../testing/webgpu.ts'
import type { Forest } from '../../engine.ts'
import { layOut, outline } from '../../forest.ts'
import { batchOf } from '../batch.ts'
import { attention } from './attention.ts'
import { headGradient, headReduce, STATE } from './head.ts'
import { rmsNorm, rmsNormBackward } from './norm.ts'
import { CHUNK, joinChunks, pagedAttention, partialNumbers } from './paged-attention.ts'
import { copyPages, PAGE, rotateToPages } from './pages.ts'
import { ELEMENTS, gather, gatherBackward } from './rows.ts'
import { swiglu, swigluBackward } from './swiglu.ts'

const sum = (count: number, term: (i: number) => number) => {
  let total = 0
  for (let i = 0; i < count; i++) total += term(i)
  return total
}

describe.each(['memory', 'subgroups'])('added up in %s', (adding) =>
  describeWebGpu('kernels', () => {
    let bench: Bench
    beforeAll(async () => {
      bench = new Bench(await softwareDevice(), adding === 'subgroups')
    }, 300_000)
    afterAll(() => bench?.close())

    test.each([1, 2, 3])('rms norm and SwiGLU, with their gradients, seed %d', async (seed) => {
      const pick = picker(seed)
      const [rows, columns, eps] = seed === 3 ? [4096, 13, 1e-5] : [pick(1, 40), pick(1, 300), 1e-5]
      const [x, dy] = [randomFloats(rows * columns, seed), randomFloats(rows * columns, seed + 1)]
      const [w, pairs] = [randomFloats(columns, seed + 2), randomFloats(2 * rows * columns, seed + 3)]
      const weight = await bench.weights(w)
      const { program } = bench
      const views = {
        x: program.hold(x),
        dy: program.hold(dy),
        y: program.allocate(rows * columns),
        dx: program.allocate(rows * columns),
        gate_up: program.hold(pairs),
        slopes: program.hold(pairs),
        act: program.allocate(rows * columns),
      }
      program.run(rmsNorm, { x: views.x, weight, y: views.y }, { columns, eps }, rows)
      program.run(rmsNormBackward, { ...views, weight }, { columns, eps, add: 0 }, rows)
      const groups = Math.ceil((rows * columns) / ELEMENTS)
      program.run(swiglu, { gate_up: views.gate_up, y: views.act }, { rows, columns }, groups)
      program.run(swigluBackward, { gate_up: views.slopes, dy: views.dy }, { rows, columns }, groups)
      const [y, dx, act, slopes] = await bench.floats(views.y, views.dx, views.act, views.slopes)
      const scales = Array.from(
        { length: rows },
        (_, r) => 1 / Math.sqrt(sum(columns, (i) => x[r * columns + i]! ** 2) / columns + eps),
      )
      const each = (at: number) => ({ r: Math.floor(at / columns), i: at % columns })
      const expected = (f: (at: number, r: number, i: number) => number) =>
        Float64Array.from({ length: rows * columns }, (_, at) => f(at, each(at).r, each(at).i))
      expectNear(
        y!,
        expected((at, r, i) => x[at]! * scales[r]! * w[i]!),
        1e-5,
        'y',
      )
      const products = scales.map((_, r) => sum(columns, (i) => x[r * columns + i]! * w[i]! * dy[r * columns + i]!))
      expectNear(
        dx!,
        expected((at, r, i) => {
          const s = scales[r]!
          return s * (w[i]! * dy[at]! - (x[at]! * products[r]! * s * s) / columns)
        }),
        1e-4,
        'dx',
      )
      const sigmoid = (value: number) => 1 / (1 + Math.exp(-value))
      const gate = (r: number, i: number) => pairs[2 * r * columns + i]!
      const up = (r: number, i: number) => pairs[(2 * r + 1) * columns + i]!
      expectNear(
        act!,
        expected((_, r, i) => gate(r, i) * sigmoid(gate(r, i)) * up(r, i)),
        1e-5,
        'act',
      )
      const split = (half: number) => expected((_, r, i) => slopes![(2 * r + half) * columns + i]!)
      const slope = (g: number) => sigmoid(g) * (1 + g * (1 - sigmoid(g)))
      expectNear(
        split(0),
        expected((at, r, i) => dy[at]! * up(r, i) * slope(gate(r, i))),
        1e-5,
        'd gate',
      )
      expectNear(
        split(1),
        expected((at, r, i) => dy[at]! * gate(r, i) * sigmoid(gate(r, i))),
        1e-5,
        'd up',
      )
    })

    test('softmax over a vocabulary in chunks, its gradient, and rows that are collected', async () => {
      const [rows, vocabulary, chunk] = [7, 1001, 400]
      const logits = randomFloats(rows * vocabulary, 3).map((value) => 20 * value)
      const targets = Uint32Array.from({ length: rows }, (_, row) => (row * 167) % vocabulary)
      const slopes = randomFloats(rows, 4)
      const indices = Uint32Array.of(2, 0, 2)
      const { program } = bench
      const held = {
        targets: program.hold(targets),
        slopes: program.hold(slopes),
        states: program.allocate(rows * STATE),
      }
      const chunks = [0, 400, 800].map((first) => {
        const columns = Math.min(chunk, vocabulary - first)
        const own = Float32Array.from({ length: rows * columns }, (_, at) => {
          return logits[Math.floor(at / columns) * vocabulary + first + (at % columns)]!
        })
        return { first, columns, logits: program.hold(own) }
      })
      for (const { first, columns, logits } of chunks) {
        program.run(headReduce, { logits, ...held }, { columns, first, begin: first === 0 ? 1 : 0 }, rows)
      }
      for (const { first, columns, logits } of chunks) {
        const groups = Math.ceil((rows * columns) / ELEMENTS)
        program.run(headGradient, { logits, ...held }, { rows, columns, first }, groups)
      }
      const collected = program.allocate(3)
      const returned = program.allocate(rows)
      program.run(gather, { x: held.slopes, indices: program.hold(indices), y: collected }, { rows: 3, columns: 1 }, 1)
      const users = {
        starts: program.hold(Uint32Array.of(0, 1, 1, 3, 3, 3, 3, 3)),
        users: program.hold(Uint32Array.of(1, 0, 2)),
      }
      program.run(gatherBackward, { dy: collected, dx: returned, ...users }, { rows, columns: 1 }, 1)
      const [states, rowsAgain, back, ...gradients] = await bench.floats(
        held.states,
        collected,
        returned,
        ...chunks.map((one) => one.logits),
      )
      expectNear(rowsAgain!, [slopes[2]!, slopes[0]!, slopes[2]!], 1e-6)
      expectNear(back!, [slopes[0]!, 0, 2 * slopes[2]!, 0, 0, 0, 0], 1e-6)
      for (let row = 0; row < rows; row++) {
        const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary)
        const largest = Math.max(...own)
        const total = sum(vocabulary, (i) => Math.exp(own[i]! - largest))
        const moment = sum(vocabulary, (i) => Math.exp(own[i]! - largest) * (own[i]! - largest))
        const expected = [largest, total, moment, own[targets[row]!]!, own.indexOf(largest)]
        expected.forEach((value, i) => {
          expectNear([states![row * STATE + i]!], [value], 1e-5, `state ${i} of row ${row}`)
        })
        chunks.forEach(({ first, columns }, index) => {
          const slope = Array.from({ length: columns }, (_, i) => {
            const probability = Math.exp(own[first + i]! - largest) / total
            return slopes[row]! * ((first + i === targets[row] ? 1 : 0) - probability)
          })
          const actual = gradients[index]!.subarray(row * columns, (row + 1) * columns)
          for (let i = 0; i < columns; i++) {
            const far = Math.abs(actual[i]! - slope[i]!)
            if (!(far < 1e-5)) throw new Error(`gradient ${row}, ${first + i}: ${actual[i]} instead of ${slope[i]}`)
          }
        })
      }
    })

    test.each([
      [10, 4, 2, [21, 3, 18, 2]],
      [4, 1, 1, [3001, 500, 590, 5]],
    ])('attention over a forest, heads of %d', async (size, heads, keyHeads, [a, b, c, d]) => {
      const config = { vocab_size: 9, max_position_embeddings: 4096 }
      const forest: Forest = [
        { tokens: new Int32Array(a!), parent: -1, targetStart: a! },
        { tokens: new Int32Array(b!), parent: 0, targetStart: 0 },
        { tokens: new Int32Array(c!), parent: 0, targetStart: 0 },
        { tokens: new Int32Array(d!), parent: 1, targetStart: 0 },
      ]
      const outlined = outline(forest, config)
      const batch = batchOf(forest, outlined, outlined.trees.flat(), 16)
      const { rows } = batch
      const { sees } = layOut(forest, config).trees[0]!
      const rotated = randomFloats(rows * (heads + keyHeads) * size, 1).map((value) => 3 * value)
      const qkv = randomFloats(rows * (heads + 2 * keyHeads) * size, 2)
      const { program } = bench
      const [mixed, lse] = [program.allocate(rows * heads * size), program.allocate(rows * heads)]
      const scale = 1 / Math.sqrt(size)
      program.run(
        attention({ size, tile: 16 }),
        {
          plan: program.hold(batch.queries.entries),
          rotated: program.hold(rotated),
          qkv: program.hold(qkv),
          mixed,
          lse,
        },
        { tiles: batch.queries.tiles, query_heads: heads, key_heads: keyHeads, scale },
        batch.queries.tiles * heads,
      )
      const [values, normalisers] = await bench.floats(mixed, lse)
      // Of many rows, some are compared.
      const compared = Array.from({ length: Math.min(rows, 64) }, (_, i) => Math.floor((i * rows) / Math.min(rows, 64)))
      const expected = new Float64Array(compared.length * heads * size)
      const logs = new Float64Array(compared.length * heads)
      for (const [place, row] of compared.entries()) {
        for (let head = 0; head < heads; head++) {
          const keyHead = Math.floor(head / (heads / keyHeads))
          const at = (other: number, which: number) => (other * (heads + keyHeads) + which) * size
          const weights = Array.from({ length: rows }, (_, other) =>
            sees[row * rows + other] === 1
              ? Math.exp(
                  scale * sum(size, (d) => rotated[at(row, head) + d]! * rotated[at(other, heads + keyHead) + d]!),
                )
              : 0,
          )
          const total = sum(rows, (other) => weights[other]!)
          logs[place * heads + head] = Math.log(total)
          for (let d = 0; d < size; d++) {
            const value = (other: number) =>
              qkv[(other * (heads + 2 * keyHeads) + heads + keyHeads + keyHead) * size + d]!
            expected[(place * heads + head) * size + d] = sum(rows, (other) => (weights[other]! / total) * value(other))
          }
        }
      }
      const of = (numbers: Float32Array, width: number) =>
        compared.flatMap((row) => [...numbers.subarray(row * width, (row + 1) * width)])
      expectNear(of(values!, heads * size), expected, 1e-4, 'mixed')
      expectNear(of(normalisers!, heads), logs, 1e-4, 'lse')
    })

    test.each([
      [10, 3, 2, 16],
      [8, 1, 1, 4],
      [6, 5, 1, 8],
    ])('rotation into pages, attention to them, and copies: heads of %d', async (size, shared, keyHeads, tile) => {
      const heads = shared * keyHeads
      // The rows before the last two sequences' own are in the pages already; the third sequence has one row.
      const sequences = [
        { before: 0, rows: 3, pages: [4] },
        { before: 30, rows: 19, pages: [1, 0] },
        { before: 64, rows: 1, pages: [2, 5, 3] },
        { before: 130, rows: 2, pages: [6, 7, 8, 9, 10] },
      ]
      const rows = sequences.reduce((total, { rows: own }) => total + own, 0)
      const width = (heads + 2 * keyHeads) * size
      const numbers = 2 * keyHeads * PAGE * size
      const qkv = randomFloats(rows * width, 1)
      const before = randomFloats(11 * numbers, 2)
      const angles = randomFloats((rows * size) / 2, 3)
      const cosines = angles.map(Math.cos)
      const sines = angles.map(Math.sin)
      const cache = [...before]
      const at = (page: number, token: number, kind: number, head: number) =>
        page * numbers + ((kind * keyHeads + head) * PAGE + token) * size
      const turned = (row: number, head: number, d: number) => {
        const [half, i] = [size / 2, d % (size / 2)]
        const [x, y] = [0, half].map((offset) => qkv[row * width + head * size + offset + i]!)
        const [c, s] = [cosines[row * half + i]!, sines[row * half + i]!]
        return d < half ? x! * c - y! * s : y! * c + x! * s
      }
      const plan: number[] = []
      const chunks: number[] = []
      const joins: number[] = []
      const tables: number[] = []
      const slots: number[] = []
      const expected = new Float64Array(rows * heads * size)
      let row = 0
      for (const { before: known, rows: own, pages } of sequences) {
        const end = (row + own) * shared
        for (let query = row * shared; query < end; query += tile) {
          const last = Math.min(end, query + tile)
          const words = [query, last, tables.length, known - row]
          const keys = known - row + Math.floor((last - 1) / shared) + 1
          plan.push(...words, 0, keys, 0, 0)
          joins.push(query, last, chunks.length / 8, Math.ceil(keys / CHUNK))
          for (let key = 0; key < keys; key += CHUNK) chunks.push(...words, key, Math.min(keys, key + CHUNK), 0, 0)
        }
        tables.push(...pages)
        const place = (token: number) => [pages[Math.floor(token / PAGE)]!, token % PAGE] as const
        for (let i = 0; i < own; i++) {
          const [page, token] = place(known + i)
          slots.push(page * PAGE + token)
          for (let head = 0; head < keyHeads; head++) {
            for (let d = 0; d < size; d++) {
              cache[at(page, token, 0, head) + d] = turned(row + i, heads + head, d)
              cache[at(page, token, 1, head) + d] = qkv[(row + i) * width + (heads + keyHeads + head) * size + d]!
            }
          }
        }
        for (let i = 0; i < own; i++) {
          for (let head = 0; head < heads; head++) {
            const number = (token: number, kind: number, d: number) =>
              cache[at(...place(token), kind, Math.floor(head / shared)) + d]!
            const weights = Array.from({ length: known + i + 1 }, (_, token) =>
              Math.exp(sum(size, (d) => turned(row + i, head, d) * number(token, 0, d))),
            )
            const total = weights.reduce((all, one) => all + one)
            for (let d = 0; d < size; d++) {
              expected[((row + i) * heads + head) * size + d] =
                sum(weights.length, (token) => weights[token]! * number(token, 1, d)) / total
            }
          }
        }
        row += own
      }
      const { program } = bench
      const views = {
        qkv: program.hold(qkv),
        cosines: program.hold(cosines),
        sines: program.hold(sines),
        slots: program.hold(Uint32Array.from(slots)),
        plan: program.hold(Uint32Array.from(plan)),
        joins: program.hold(Uint32Array.from(joins)),
        partials: program.allocate(partialNumbers(chunks.length / 8, keyHeads, { size, tile })),
        split: program.allocate(rows * heads * size),
        tables: program.hold(Uint32Array.from(tables)),
        pairs: program.hold(Uint32Array.of(4, 2)),
        cache: program.hold(before),
        rotated: program.allocate(rows * heads * size),
        mixed: program.allocate(rows * heads * size),
      }
      const shape = { key_heads: keyHeads, size }
      program.run(
        rotateToPages({ norm: false }),
        views,
        { query_heads: heads, eps: 0, ...shape },
        rows * (heads + 2 * keyHeads),
      )
      program.run(
        pagedAttention({ size, tile }),
        views,
        { heads: shared, scale: 1, ...shape },
        (plan.length / 8) * keyHeads,
      )
      program.run(
        pagedAttention({ size, tile, split: true }),
        { ...views, plan: program.hold(Uint32Array.from(chunks)) },
        { heads: shared, scale: 1, ...shape },
        (chunks.length / 8) * keyHeads,
      )
      program.run(
        joinChunks({ size, tile }),
        { ...views, mixed: views.split },
        { heads: shared, key_heads: keyHeads },
        (joins.length / 4) * tile * keyHeads,
      )
      program.run(copyPages, views, { count: 1, numbers }, Math.ceil(numbers / ELEMENTS))
      const [mixed, split, written] = await bench.floats(views.mixed, views.split, views.cache)
      expectNear(mixed!, expected, 1e-5, 'mixed')
      // Whether keys are split depends on what else is computed; the numbers must not.
      expect(split).toEqual(mixed)
      const copied = cache.slice()
      copied.splice(2 * numbers, numbers, ...cache.slice(4 * numbers, 5 * numbers))
      expectNear(written!, copied, 1e-6, 'cache')
    })
  }),
)
