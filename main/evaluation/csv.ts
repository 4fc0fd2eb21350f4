/** Tables of comma-separated values, as RFC 4180 has them. */

/** A line with its end. A field of null is empty. A text that a spreadsheet would take for a formula gets a quote before it. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`
}

function csvField(value: string | number | null): string {
  // Names of runs and variants, and what pages and models write, are free text.
  const isFormula = typeof value === 'string' && /^[=+\-@\t]/.test(value)
  const text = isFormula ? `'${value}` : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
