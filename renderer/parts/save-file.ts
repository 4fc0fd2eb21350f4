/** Saves what the window has made itself as a file. */

/** The browser saves it in its folder of downloads, or asks where. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // The browser reads the content after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** A name for a file: letters and figures of any language, with hyphens between them. */
export function fileName(...words: readonly string[]): string {
  return words
    .join(' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}
