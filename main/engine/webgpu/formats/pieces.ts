/** Places in the parts of a matrix, for the pieces in which its rows arrive. */
import type { Matrix, MatrixPart } from '../matrix.ts'
import type { Upload } from '../program.ts'

/** Words for rows of a matrix whose rows have so many words each, put where the matrix's parts have these rows. */
export function rowUploads(
  { parts }: Matrix,
  array: string,
  rowWords: number,
  firstRow: number,
  words: Uint32Array<ArrayBuffer>,
): Upload[] {
  const end = firstRow + words.length / rowWords
  return parts.flatMap((part) => {
    const from = Math.max(firstRow, part.firstRow)
    const to = Math.min(end, part.firstRow + part.rows)
    if (from >= to) return []
    const data = words.subarray((from - firstRow) * rowWords, (to - firstRow) * rowWords)
    return [wordUpload(part, array, (from - part.firstRow) * rowWords, data)]
  })
}

/** Words for a place of a part's array. */
export function wordUpload(
  { arrays }: MatrixPart,
  array: string,
  word: number,
  data: Uint32Array<ArrayBuffer>,
): Upload {
  const { memory, offset } = arrays[array]!
  return { view: { memory, offset: offset + 4 * word, bytes: data.byteLength }, data }
}

/** A weight is too large for its format. */
export class NotFinite extends Error {
  override readonly name = 'NotFinite'
}
