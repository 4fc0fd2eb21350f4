/** Fits pictures of pages into the window: as large as it allows, and as dense as the screen can show. */
import type { Look } from '../../../main/live/look.ts'

/** Which part of the page is shown. */
export type Extent = Look['extent']

export interface Size {
  readonly width: number
  readonly height: number
}

/** Sizes of the page and of the part of it that MiniWoB++ tasks use, in CSS pixels. */
export const PARTS: Readonly<Record<Extent, Size>> = {
  task: { width: 160, height: 210 },
  page: { width: 500, height: 320 },
}

/** How cards are laid out. */
export interface Wall {
  readonly columns: number
  /** Width of a card's picture, in CSS pixels. */
  readonly picture: number
  /** Whether a card's text stands beside its picture instead of under it. */
  readonly beside: boolean
}

/** Between cards, in CSS pixels. */
export const GAP = 12
/** What a card's text takes: its height under a picture, and its least width. */
const WORDS = { height: 142, width: 150 }
/** A card with its text under the picture is no narrower. */
const NARROWEST = 220
/** Smaller pictures are not worth it that all cards are seen at once. */
const SMALLEST: Readonly<Record<Extent, number>> = { task: 160, page: 300 }
/** Most pixels of a picture to a CSS pixel of the page, for one page. A whole page has five times the pixels of a task. */
const DENSEST: Readonly<Record<Extent, number>> = { task: 3, page: 2 }
/** The same for several pages: at three times the density their pictures would take too much of the run's time. */
const DENSEST_OF_SEVERAL = 2

/**
 * The layout with the largest pictures with which `count` cards fit into the room; where they would be too small, fewer rows fit, and one
 * scrolls to the others.
 */
export function fitWall(count: number, room: Size, extent: Extent): Wall {
  for (let seen = count; seen > 0; seen--) {
    const wall = largest(count, seen, room, PARTS[extent])
    if (wall.picture >= SMALLEST[extent]) return wall
  }
  return { columns: 1, picture: Math.min(room.width, 2 * PARTS[extent].width), beside: false }
}

/** The layout with the largest pictures of which `seen` rows fit into the room. */
function largest(count: number, seen: number, room: Size, part: Size): Wall {
  const share = (whole: number, parts: number) => (whole - GAP * (parts - 1)) / parts
  const high = (height: number) => (height * part.width) / part.height
  let best: Wall = { columns: 1, picture: 0, beside: false }
  for (let columns = 1; columns <= count; columns++) {
    const width = share(room.width, columns)
    const height = share(room.height, Math.min(seen, Math.ceil(count / columns)))
    const under = Math.floor(Math.min(width, high(height - WORDS.height)))
    const beside = Math.floor(Math.min(width - WORDS.width, high(height)))
    if (under >= NARROWEST && under >= best.picture) best = { columns, picture: under, beside: false }
    if (beside >= best.picture) best = { columns, picture: beside, beside: true }
  }
  return best
}

/** The width of the one picture that is shown in detail; text stands beside it. */
export function fitOne(room: Size, extent: Extent): number {
  const part = PARTS[extent]
  return Math.floor(Math.max(240, Math.min(room.width * 0.55, (room.height * part.width) / part.height)))
}

/** What to ask for to show pictures of `count` pages, `width` CSS pixels of the window wide, on a screen with `pixels` for each. */
export function lookFor(count: number, extent: Extent, width: number, pixels: number): Look {
  // A tenth more or less is not seen.
  const needed = Math.ceil((width * pixels) / PARTS[extent].width - 0.1)
  const most = count > 1 ? DENSEST_OF_SEVERAL : DENSEST[extent]
  return { extent, density: Math.min(most, Math.max(1, needed)) }
}
