/** Tokens of a usual prompt and of each answer, for estimates where nobody names others. */
export const USUAL_LENGTHS = { prompt: 512, completion: 64 } as const
