/** WGSL that reads and writes four neighbouring numbers of a row-major matrix. */

/** The type of a matrix's array: vectors where all its rows begin at a multiple of four numbers. */
export function arrayType(aligned: boolean): string {
  return aligned ? 'array<vec4<f32>>' : 'array<f32>'
}

/**
 * `fn NAME(row: u32, column: u32) -> vec4<f32>`: four numbers of a matrix in `array`, 0 behind `columns` (WGSL of their
 * number). The column is a multiple of four.
 */
export function load4(name: string, array: string, columns: string, aligned: boolean): string {
  if (aligned) {
    return `
fn ${name}(row: u32, column: u32) -> vec4<f32> {
  if (column >= ${columns}) { return vec4<f32>(); }
  return ${array}[(row * ${columns} + column) / 4u];
}`
  }
  return `
fn ${name}_at(row: u32, column: u32) -> f32 {
  if (column >= ${columns}) { return 0.0; }
  return ${array}[row * ${columns} + column];
}
fn ${name}(row: u32, column: u32) -> vec4<f32> {
  return vec4<f32>(
    ${name}_at(row, column), ${name}_at(row, column + 1u), ${name}_at(row, column + 2u), ${name}_at(row, column + 3u),
  );
}`
}

/**
 * `fn NAME(row: u32, column: u32, value: vec4<f32>)`: writes four numbers of a matrix, none behind `columns`. With `add` they
 * are added to what is there.
 */
export function store4(name: string, array: string, columns: string, aligned: boolean, add = '0u'): string {
  if (aligned) {
    return `
fn ${name}(row: u32, column: u32, value: vec4<f32>) {
  if (column >= ${columns}) { return; }
  let at = (row * ${columns} + column) / 4u;
  if (${add} != 0u) { ${array}[at] += value; } else { ${array}[at] = value; }
}`
  }
  return `
fn ${name}(row: u32, column: u32, value: vec4<f32>) {
  for (var i = 0u; i < 4u; i++) {
    if (column + i >= ${columns}) { return; }
    let at = row * ${columns} + column + i;
    if (${add} != 0u) { ${array}[at] += value[i]; } else { ${array}[at] = value[i]; }
  }
}`
}
