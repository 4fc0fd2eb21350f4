/** The header of a JPEG of this size, without a picture. */
export function jpegOf(width: number, height: number): Uint8Array {
  const sides = [height >> 8, height & 255, width >> 8, width & 255]
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, ...sides, 1, 1, 0x11, 0, 0xff, 0xd9)
}
