/** Pictures from other machines are hostile: before a window decodes one, its header must be that of a small JPEG. */

/** The most pixels of a side: no page of a task is larger. */
const MOST_PIXELS = 2_000

/** Whether these bytes begin as a JPEG does, and the size that it states is that of a page (ITU T.81, B.2). */
export function isSmallJpeg(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return false
  // Marker segments: a marker of two bytes, and a length that counts itself.
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = view.getUint16(at)
    if (marker < 0xffc0) return false
    if (isFrameHeader(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)]
      return width > 0 && height > 0 && width <= MOST_PIXELS && height <= MOST_PIXELS
    }
    at += 2 + view.getUint16(at + 2)
  }
  return false
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc
}
