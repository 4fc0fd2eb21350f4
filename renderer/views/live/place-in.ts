/** From the window to the page that a picture shows. */

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The place in a page, in its whole CSS pixels, that a picture of it shows at a place of the window. `area` is where the
 * picture stands in the window, `page` the size of what it shows.
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
