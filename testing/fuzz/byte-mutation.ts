/** Mutations of bytes: flips, cuts, insertions, repetitions, and numbers that lie. */
import type { Dice } from './dice.ts'

/** Values that lengths, offsets and counts should not have. */
const LIES = [0n, 1n, 255n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x7fffffffffffffffn, 0xffffffffffffffffn]

/** A copy of the bytes with one to four mutations. */
export function mutateBytes(bytes: Uint8Array, dice: Dice): Buffer {
  let mutated: Buffer = Buffer.from(bytes)
  for (let times = 1 + dice.whole(4); times > 0; times--) mutated = mutateOnce(mutated, dice)
  return mutated
}

function mutateOnce(bytes: Buffer, dice: Dice): Buffer {
  // The beginning, where headers are, as often as all the rest.
  const at = dice.whole(dice.chance(0.5) ? Math.min(64, bytes.length + 1) : bytes.length + 1)
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
  const length = Math.min(tail.length, 1 + dice.whole(32))
  const noise = Buffer.from(Array.from({ length: 1 + dice.whole(16) }, () => dice.whole(256)))
  return dice.pick([
    () => head,
    () => Buffer.concat([head, noise, tail]),
    () => Buffer.concat([head, tail.subarray(length)]),
    () => Buffer.concat([head, tail.subarray(0, length), tail]),
    () => Buffer.concat([head, noise, tail.subarray(noise.length)]),
    () => Buffer.concat([head, Buffer.alloc(length), tail.subarray(length)]),
    () => flipped(bytes, at, dice),
    () => lied(bytes, at, dice),
    () => Buffer.concat([bytes, bytes]),
    () => Buffer.alloc(dice.whole(3)),
  ])()
}

function flipped(bytes: Buffer, at: number, dice: Dice): Buffer {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << dice.whole(8))
  return copy
}

/** Writes a number of 8, 4 or 2 bytes over what is there. */
function lied(bytes: Buffer, at: number, dice: Dice): Buffer {
  const copy = Buffer.from(bytes)
  const number = Buffer.alloc(8)
  if (dice.chance(0.5)) number.writeBigUInt64LE(dice.pick(LIES))
  else number.writeBigUInt64BE(dice.pick(LIES))
  number.copy(copy, Math.min(at, copy.length), 0, dice.pick([8, 4, 2]))
  return copy
}
