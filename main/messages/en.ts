/**
 * Every text that the lab itself says, in English: errors, log lines, checks. A text has holes, `{{path}}`, for its
 * values; TypeScript reads them, so that a value that is missing does not compile. `id_one` and `id_other` go by `count`.
 * `zh.ts` has the same keys and holes.
 */
export const ENGLISH = {
  // What others say, in their own words.
  verbatim: '{{text}}',
} as const
