/**
 * WGSL of projections that are one product: q, k and v; gate and up. Their outputs lie side by side, and so do the ranks of
 * their adapters: module g has the outputs of its range and the ranks from g * rank on.
 */

/** The first outputs of the second and third module, or the number of outputs where there is none. */
export const MODULE_PARAMS = { second: 'u32', third: 'u32', rank: 'u32' } as const

export const MODULES = `
/** The module of an output. */
fn module_of(output: u32) -> u32 {
  return select(0u, 1u, output >= params.second) + select(0u, 1u, output >= params.third);
}
`
