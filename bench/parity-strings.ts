/** Strings on which tokenizers are likely to differ: many scripts, spaces, code, HTML, invalid characters. */
import { uniformStream } from '../main/engine/random.ts'

const PIECES = [
  'click',
  'Submit',
  ' the',
  "don't",
  'naïve',
  'ﬁne',
  '点击',
  '按钮',
  '，',
  '。',
  'こんにちは',
  '안녕',
  'привет',
  'שלום',
  'مرحبا',
  'ไทย',
  '🙂',
  '👩‍👩‍👧',
  '🇨🇳',
  'é',
  'e\u0301',
  '12',
  '3.14159',
  '1,000',
  '#',
  '$5',
  '\t',
  '\n',
  '\r\n',
  '   ',
  '\u00a0',
  '\u200b',
  '\u3000',
  '<div class="a">',
  '</div>',
  '&nbsp;',
  'const x = [1, 2];',
  '=>',
  '__init__',
  'snake_case',
  'https://example.org/?q=1',
  '\\',
  '"',
  '…',
  '—',
  '\ufffd',
  '\u0000',
] as const

/** `count` strings of up to twelve pieces each. */
export function parityStrings(count: number, seed: number): string[] {
  const uniform = uniformStream(seed)
  const pick = (n: number) => Math.floor(uniform() * n)
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + pick(12) }, () => (pick(4) === 0 ? ' ' : '') + PIECES[pick(PIECES.length)]!).join(''),
  )
}
