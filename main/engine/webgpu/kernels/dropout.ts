/** WGSL of LoRA dropout, as in engine/dropout.ts: the host computes a row's key, the kernel mixes the column into it. */

/** Parameters of a kernel that drops. A limit of 0 drops nothing; then the scale has to be 1. */
export const DROPOUT_PARAMS = { dropout_limit: 'u32', dropout_scale: 'f32' } as const

/** `kept4(key, column)`: the factors of four neighbouring inputs. */
export const DROPOUT = `
fn kept(key: u32, column: u32) -> f32 {
  var x = key + column * 0x9e3779b9u;
  x = (x ^ (x >> 16u)) * 0x7feb352du;
  x = (x ^ (x >> 15u)) * 0x846ca68bu;
  return select(params.dropout_scale, 0.0, (x ^ (x >> 16u)) < params.dropout_limit);
}
fn kept4(key: u32, column: u32) -> vec4<f32> {
  return vec4<f32>(kept(key, column), kept(key, column + 1u), kept(key, column + 2u), kept(key, column + 3u));
}
`
