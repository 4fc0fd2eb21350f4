import { expect, test } from 'vitest'
import { jpegOf } from '../../testing/jpeg.ts'
import { isSmallJpeg } from './jpeg.ts'

test('the header of a picture of a page is taken, after other segments too', () => {
  expect(isSmallJpeg(jpegOf(500, 320))).toBe(true)
  const plain = jpegOf(500, 320)
  const comment = Uint8Array.of(0xff, 0xfe, 0, 4, 1, 2)
  expect(isSmallJpeg(Uint8Array.of(...plain.slice(0, 2), ...comment, ...plain.slice(2)))).toBe(true)
})

test.each([
  ['nothing', new Uint8Array()],
  ['another form', Uint8Array.from(Buffer.from('<svg onload="alert(1)"/>'))],
  ['a picture that would take much memory', jpegOf(60_000, 60_000)],
  ['a picture without rows', jpegOf(500, 0)],
  ['a header that is cut', jpegOf(500, 320).slice(0, 6)],
  ['a segment that ends beyond the bytes', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0)],
  ['segments of no length', Uint8Array.of(0xff, 0xd8, ...new Array(20).fill([0xff, 0xe0, 0, 0]).flat())],
])('%s is not', (_, bytes) => {
  expect(isSmallJpeg(bytes)).toBe(false)
})
