/** Converts positions in the window to positions in the page that a picture shows. */

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The position in the page, in whole CSS pixels, for a position in the window. `area` is the picture's rectangle in the
 * window, `page` the size of the part of the page that it shows.
 */
export function placeIn(
  area: Size & { readonly left: number; readonly top: number },
  page: Size,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): { readonly x: number; readonly y: number } {
  return {
    x: Math.round(((clientX - area.left) / area.width) * page.width),
    y: Math.round(((clientY - area.top) / area.height) * page.height),
  }
}
