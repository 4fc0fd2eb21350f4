/** The content of a lab's file as lines that can be compared. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** What is measured, so differs from run to run. */
const MEASURED = /"?(tokens_per_second|duration|seconds|started|ended|created)"?\s*[:,]\s*"?[\d.e+-]+"?/g

/** The lines of a text file, without times; the digest of any other file. */
export function linesOf(path: string): string[] {
  const bytes = readFileSync(path)
  const name = basename(path)
  if (name === 'summary.json') {
    const { wall: _, ...summary } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
    return Object.entries(summary).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  }
  // A page with the times of all stages; what it shows is in summary.json and metrics.csv, or in study.json.
  if (name === 'report.html' || name === 'study.html')
    return [bytes.includes('</html>') ? 'a whole page' : 'half a page']
  if (/\.(csv|jsonl?)$/.test(name)) return bytes.toString('utf8').replaceAll(MEASURED, '').split('\n')
  return [createHash('sha256').update(bytes).digest('hex')]
}
