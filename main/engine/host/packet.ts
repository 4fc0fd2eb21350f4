/**
 * A value as it travels between the lab and a host: JSON, and beside it the typed arrays as they are in memory. Neither
 * side copies the arrays.
 */

export interface Packet {
  readonly text: string
  readonly arrays: readonly Uint8Array[]
}

const VIEWS = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const
type ViewName = keyof typeof VIEWS

/** Marks what JSON does not have: [name of the array's class, its index], ['Map', entries] or ['number', its text]. */
const MARK = '@'

/** Packs a value of plain objects, arrays, maps, numbers, texts and typed arrays. Keys that are undefined are left out. */
export function pack(value: unknown): Packet {
  const arrays: Uint8Array[] = []
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key: string, given: unknown) {
    // Node's buffers make themselves into numbers before this function sees them.
    const raw = this[key]
    if (ArrayBuffer.isView(raw)) {
      arrays.push(new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength))
      return { [MARK]: [nameOf(raw), arrays.length - 1] }
    }
    if (raw instanceof Map) return { [MARK]: ['Map', [...raw]] }
    if (typeof raw === 'number' && !Number.isFinite(raw)) return { [MARK]: ['number', String(raw)] }
    return given
  })
  return { text, arrays }
}

/** Reverses `pack`. Each of the arrays gets its own buffer. Throws where the text is no packet's, or names a buffer that is missing. */
export function unpack(text: string, buffers: readonly ArrayBuffer[]): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(MARK in value)) return value
    const [name, what] = value[MARK] as [string, unknown]
    if (name === 'Map') return new Map(what as [unknown, unknown][])
    if (name === 'number') return Number(what)
    const View = VIEWS[name as ViewName]
    const buffer = buffers[what as number]
    if (View === undefined || buffer === undefined) throw new Error(`The packet has no array ${name} ${what}.`)
    return new View(buffer)
  })
}

function nameOf(view: ArrayBufferView): ViewName {
  const found = Object.keys(VIEWS).find((name) => view instanceof VIEWS[name as ViewName])
  if (found === undefined) throw new TypeError(`A packet takes no ${view.constructor.name}.`)
  return found as ViewName
}
