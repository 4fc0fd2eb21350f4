/**
 * Draws next tokens from rows of logits: greedily, or from the nucleus of softmax(logits / temperature), the fewest most likely
 * tokens that together have at least top_p (Holtzman et al. 2020, arXiv:1904.09751). It draws as sampling.ts does: from the
 * nucleus in the order of probability, and from all tokens in the order of tokens.
 *
 * No token is sorted. The probability at which a sum over the likeliest tokens passes a limit is found by its bits, three at a
 * time from the highest: floats above 0 have the order of their bits. Once that is the end of the nucleus, and once the draw.
 */
import { kernel } from '../kernel.ts'
import { bestOf, sumOf } from './reduce.ts'

const THREADS = 256
const SEVEN = [1, 2, 3, 4, 5, 6, 7]

/**
 * Words of a draw: the row of its logits; the first of its choices; how many these are, 0 for all tokens; 1 if it is greedy; and
 * as floats 1 / temperature, top_p and the uniform number that decides. The last is not used.
 */
export const DRAW = 8
/**
 * Words of what was drawn: the token, as floats its logit, the largest logit and the sum of exp(logit - largest), then 1 if all
 * logits are finite.
 */
export const DRAWN = 8

/** A workgroup is a draw. `chances` [draws, vocabulary] is its scratch memory. */
export const sample = kernel({
  name: 'sample',
  bindings: {
    draws: 'read_write array<u32>',
    logits: 'read_write array<f32>',
    choices: 'read_write array<u32>',
    chances: 'read_write array<f32>',
    drawn: 'read_write array<u32>',
  },
  params: { first: 'u32', vocabulary: 'u32' },
  workgroupSize: THREADS,
  body: (adding) => `
var<workgroup> floats: array<f32, ${THREADS * 7}>;
var<workgroup> words: array<u32, ${THREADS}>;
var<workgroup> draw: array<u32, ${DRAW}>;

${sumOf(THREADS, adding)}
${bestOf(THREADS, adding)}
/** The sum of the chances whose bits are at least \`bits\`. */
fn mass_from(lane: u32, start: u32, count: u32, bits: u32) -> f32 {
  var sum = 0.0;
  for (var i = lane; i < count; i += ${THREADS}u) {
    let chance = chances[start + i];
    if (bitcast<u32>(chance) >= bits) { sum += chance; }
  }
  return total(lane, sum);
}
/** The most bits whose mass is at least \`limit\`, or with \`beyond\` more than it; 0 if there are none. */
fn bits_at(lane: u32, start: u32, count: u32, limit: f32, beyond: bool) -> u32 {
  var bits = 0u;
  // Chances are at most 1, so their highest two bits are 0.
  for (var step = 0u; step < 10u; step++) {
    let shift = 27u - 3u * step;
${SEVEN.map((digit) => `    var sum${digit} = 0.0;`).join('\n')}
    for (var i = lane; i < count; i += ${THREADS}u) {
      let chance = chances[start + i];
      let own = bitcast<u32>(chance);
${SEVEN.map((digit) => `      if (own >= (bits | (${digit}u << shift))) { sum${digit} += chance; }`).join('\n')}
    }
    workgroupBarrier();
${
  adding === 'subgroups'
    ? SEVEN.map(
        (digit) => `    sum${digit} = subgroupAdd(sum${digit});
    if (subgroup.place == 0u) { floats[${(digit - 1) * THREADS}u + subgroup.id] = sum${digit}; }`,
      ).join('\n')
    : `${SEVEN.map((digit) => `    floats[${(digit - 1) * THREADS}u + lane] = sum${digit};`).join('\n')}
    for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
      workgroupBarrier();
      if (lane < half) {
        for (var digit = 0u; digit < 7u; digit++) {
          floats[${THREADS}u * digit + lane] += floats[${THREADS}u * digit + lane + half];
        }
      }
    }`
}
    workgroupBarrier();
    var found = 0u;
    for (var digit = 1u; digit < 8u; digit++) {
      var mass = floats[${THREADS}u * (digit - 1u)];
${adding === 'subgroups' ? `      for (var i = 1u; i < subgroup.count; i++) { mass += floats[${THREADS}u * (digit - 1u) + i]; }` : ''}
      if (mass > limit || (mass == limit && !beyond)) { found = digit; }
    }
    bits |= found << shift;
    workgroupBarrier();
  }
  return bits;
}
/** How many chances have these bits, and into words[t] how many of them are among those of thread t. */
fn count_of(lane: u32, start: u32, count: u32, bits: u32) -> u32 {
  let each = (count + ${THREADS - 1}u) / ${THREADS}u;
  var own = 0u;
  for (var i = lane * each; i < min(count, (lane + 1u) * each); i++) {
    if (bitcast<u32>(chances[start + i]) == bits) { own++; }
  }
  workgroupBarrier();
  words[lane] = own;
  workgroupBarrier();
  var all = 0u;
  for (var t = 0u; t < ${THREADS}u; t++) { all += words[t]; }
  return all;
}
/** The place where the likeliest tokens' sum passes the uniform part of the nucleus. Right in thread 0 alone. */
fn from_nucleus(lane: u32, start: u32, count: u32, all: f32, top_p: f32, uniform_: f32) -> u32 {
  let end = bits_at(lane, start, count, top_p * all, false);
  let last = bitcast<f32>(end);
  var above = mass_from(lane, start, count, end + 1u);
  let equal = f32(count_of(lane, start, count, end));
  var nucleus = above;
  if (last > 0.0) { nucleus += last * clamp(ceil((top_p * all - above) / last), 1.0, equal); }
  // Less than the whole, or nothing is beyond it.
  nucleus = min(nucleus, all);
  let limit = min(uniform_ * nucleus, nucleus * 0.9999998);
  let bits = bits_at(lane, start, count, limit, true);
  above = mass_from(lane, start, count, bits + 1u);
  let ties = count_of(lane, start, count, bits);
  if (lane > 0u) { return 0u; }
  var rest = u32(clamp((limit - above) / bitcast<f32>(max(bits, 1u)), 0.0, f32(ties - 1u)));
  let each = (count + ${THREADS - 1}u) / ${THREADS}u;
  var thread = 0u;
  while (thread < ${THREADS - 1}u && rest >= words[thread]) {
    rest -= words[thread];
    thread++;
  }
  for (var i = thread * each; i < min(count, (thread + 1u) * each); i++) {
    if (bitcast<u32>(chances[start + i]) != bits) { continue; }
    if (rest == 0u) { return i; }
    rest--;
  }
  return 0u;
}
/** The place where the sum over all tokens in order passes the uniform part of it. Right in thread 0 alone. */
fn from_all(lane: u32, start: u32, count: u32, uniform_: f32) -> u32 {
  let each = (count + ${THREADS - 1}u) / ${THREADS}u;
  var own = 0.0;
  for (var i = lane * each; i < min(count, (lane + 1u) * each); i++) { own += chances[start + i]; }
  workgroupBarrier();
  floats[lane] = own;
  workgroupBarrier();
  if (lane > 0u) { return 0u; }
  var all = 0.0;
  for (var t = 0u; t < ${THREADS}u; t++) { all += floats[t]; }
  var rest = uniform_ * all;
  var thread = 0u;
  var found = false;
  for (var t = 0u; t < ${THREADS}u; t++) {
    if (floats[t] > 0.0) { thread = t; }
    found = rest < floats[t];
    if (found) { break; }
    rest -= floats[t];
  }
  // Rounding can leave a small rest: then it is the last token with a probability.
  if (!found) { rest = 2.0 * floats[thread]; }
  var place = 0u;
  for (var i = thread * each; i < min(count, (thread + 1u) * each); i++) {
    let chance = chances[start + i];
    if (chance > 0.0) { place = i; }
    rest -= chance;
    if (rest < 0.0) { break; }
  }
  return place;
}
fn run(group: u32, lane: u32) {
  if (lane < ${DRAW}u) { draw[lane] = draws[${DRAW}u * (params.first + group) + lane]; }
  let mine = workgroupUniformLoad(&draw);
  let row = mine[0] * params.vocabulary;

  var high = -3e38;
  var high_at = 0u;
  var strange = 0.0;
  for (var i = lane; i < params.vocabulary; i += ${THREADS}u) {
    let logit = logits[row + i];
    if ((bitcast<u32>(logit) & 0x7f800000u) == 0x7f800000u) { strange = 1.0; }
    if (logit > high) {
      high = logit;
      high_at = i;
    }
  }
  let likeliest = best(lane, high, high_at);
  let peak = likeliest.value;
  strange = total(lane, strange);
  var weight = 0.0;
  for (var i = lane; i < params.vocabulary; i += ${THREADS}u) { weight += exp(logits[row + i] - peak); }
  weight = total(lane, weight);

  let count = select(params.vocabulary, mine[2], mine[2] > 0u);
  var highest = peak;
  var place = likeliest.index;
  if (mine[2] > 0u) {
    high = -3e38;
    high_at = 0u;
    for (var i = lane; i < count; i += ${THREADS}u) {
      let logit = logits[row + choices[mine[1] + i]];
      if (logit > high) {
        high = logit;
        high_at = i;
      }
    }
    let chosen = best(lane, high, high_at);
    highest = chosen.value;
    place = chosen.index;
  }
  if (mine[3] == 0u) {
    let start = group * params.vocabulary;
    let inverse = bitcast<f32>(mine[4]);
    var all = 0.0;
    for (var i = lane; i < count; i += ${THREADS}u) {
      let token = select(i, choices[mine[1] + min(i, max(mine[2], 1u) - 1u)], mine[2] > 0u);
      let chance = exp((logits[row + token] - highest) * inverse);
      chances[start + i] = chance;
      all += chance;
    }
    all = total(lane, all);
    storageBarrier();
    let top_p = bitcast<f32>(mine[5]);
    let uniform_ = bitcast<f32>(mine[6]);
    if (top_p < 1.0) { place = from_nucleus(lane, start, count, all, top_p, uniform_); }
    else { place = from_all(lane, start, count, uniform_); }
  }
  if (lane > 0u) { return; }
  var token = place;
  if (mine[2] > 0u) { token = choices[mine[1] + place]; }
  let to = ${DRAWN}u * (params.first + group);
  drawn[to] = token;
  drawn[to + 1u] = bitcast<u32>(logits[row + min(token, params.vocabulary - 1u)]);
  drawn[to + 2u] = bitcast<u32>(peak);
  drawn[to + 3u] = bitcast<u32>(weight);
  drawn[to + 4u] = select(1u, 0u, strange > 0.0);
}`,
})
