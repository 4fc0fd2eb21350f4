/** Formats numbers for readers. */
import i18next from 'i18next'

/** 0.684 -> "68.4". */
export function percent(share: number, digits = 1): string {
  return (100 * share).toFixed(digits)
}

/** -3.841 -> "−3.84", with a real minus sign. */
export function decimal(value: number, digits = 2): string {
  const rounded = value.toFixed(digits)
  return Number(rounded) === 0 ? rounded.replace('-', '') : rounded.replace('-', '−')
}

/** The units of a duration. */
const UNITS = {
  english: { ms: 'ms', s: 's', min: 'min', h: 'h' },
  chinese: { ms: '毫秒', s: '秒', min: '分', h: '小时' },
} as const

/**
 * Seconds as "44 ms", "8.2 s", "4 min 05 s", "1 h 02 min": with units, so that hours do not read like minutes. The units are those of the
 * window's language.
 */
export function duration(seconds: number): string {
  const { ms, s, min, h } = i18next.language?.startsWith('zh') ? UNITS.chinese : UNITS.english
  if (seconds < 1) return `${Math.round(1000 * seconds)} ${ms}`
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} ${s}`
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours} ${h} ${two(minutes)} ${min}` : `${minutes} ${min} ${two(whole % 60)} ${s}`
}

/** Bytes in decimal units, as in the lab's messages: "1.5 GB". */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

/** A metric with about four significant digits: "0.6931", "1.2e-5", "12,345". */
export function metric(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 10_000) return Math.round(value).toLocaleString('en')
  if (size < 0.001) return value.toExponential(1).replace('-', '−').replace('e−', 'e-')
  return value
    .toPrecision(4)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace(/^-/, '−')
}

/** Date and time, short, in the reader's language. */
export function moment(milliseconds: number, language: string): string {
  return formatOf(language, { dateStyle: 'medium', timeStyle: 'short' }).format(milliseconds)
}

/** Day and time without the year, in the reader's language, for narrow columns. */
export function shortMoment(milliseconds: number, language: string): string {
  const options = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return formatOf(language, options).format(milliseconds)
}

/** The time of day with its seconds, in the reader's language: "14:05:09". */
export function clock(milliseconds: number, language: string): string {
  return formatOf(language, { timeStyle: 'medium', hourCycle: 'h23' }).format(milliseconds)
}

/** Formats by language and options. Making one takes longer than a hundred uses of it. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${JSON.stringify(options)}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat(language, options)
  formats.set(key, format)
  return format
}
