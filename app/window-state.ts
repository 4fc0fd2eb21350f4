/** Stores the window's position, so that it opens there again. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeFileAtomic } from '../main/files/file.ts'

const rectangle = z.object({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() })
type Rectangle = z.output<typeof rectangle>

const stateSchema = z.object({
  /** null: the system chooses the position. */
  bounds: rectangle.nullable().default(null),
  maximized: z.boolean().default(false),
  /** The port of the last launch. A page's settings belong to its address, so the same port is used again. */
  port: z.int().min(0).max(65_535).default(0),
})
export type WindowState = z.output<typeof stateSchema>

/** The smallest part of the window, in pixels, that a display must show. */
const VISIBLE = 100

/**
 * The state in a file, or the default where the file is missing or invalid. A window that no display would show,
 * because one was unplugged, gets a new position.
 */
export function readWindowState(path: string, displays: readonly Rectangle[]): WindowState {
  const state = stateSchema.parse(contents(path))
  const { bounds } = state
  const shows = ({ x, y, width, height }: Rectangle) =>
    bounds !== null &&
    Math.min(bounds.x + bounds.width, x + width) - Math.max(bounds.x, x) >= VISIBLE &&
    Math.min(bounds.y + bounds.height, y + height) - Math.max(bounds.y, y) >= VISIBLE
  return displays.some(shows) ? state : { ...state, bounds: null }
}

/** Stores the state. Throws UserError where it cannot be written. */
export function writeWindowState(path: string, state: WindowState): void {
  writeFileAtomic(path, `${JSON.stringify(state)}\n`)
}

function contents(path: string): unknown {
  try {
    const read = stateSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return read.success ? read.data : {}
  } catch {
    return {}
  }
}
