/**
 * Runs in the page, before its own scripts: sets its clock, so that a problem that shows or reads the time is the same
 * problem tomorrow and in every time zone.
 */
import type { Lab, TaskWindow } from './lab.ts'

/** Installs `stopClock` and `startClock`. */
export function setClock(): void {
  const lab: Lab = (window as unknown as TaskWindow).dpoDriver
  /** Later than all dates of the benchmark, so that its calendars open at the last month that they have. */
  const BEGIN = Date.UTC(2025, 0, 1, 12)
  /** A stopped clock goes on by a millisecond after so many looks: a script may wait for it in a loop. */
  const LOOKS = 1000
  const RealDate = Date
  const { performance } = window
  const monotonic = performance.now.bind(performance)

  /** When the clock was started, on the monotonic one; null while it is stopped. */
  let started: number | null = null
  let looks = 0
  const now = (): number => BEGIN + Math.floor(started === null ? looks++ / LOOKS : monotonic() - started)

  lab.stopClock = () => {
    started = null
    looks = 0
  }
  lab.startClock = () => {
    started = monotonic()
  }

  RealDate.now = now
  window.Date = new Proxy(RealDate, {
    construct: (real, args, target) => Reflect.construct(real, args.length === 0 ? [now()] : args, target) as Date,
    apply: () => new RealDate(now()).toString(),
  })
  RealDate.prototype.constructor = window.Date

  const define = (owner: object, name: string, get: () => unknown): void => {
    Object.defineProperty(owner, name, { get, configurable: true })
  }
  define(performance, 'timeOrigin', () => now() - monotonic())
  // Otherwise that is the time of the file.
  define(document, 'lastModified', () => '01/01/2025 12:00:00')

  const formats = Intl.DateTimeFormat.prototype
  const { get: bound } = Object.getOwnPropertyDescriptor(formats, 'format')!
  const { formatToParts } = formats
  Object.defineProperty(formats, 'format', {
    get(this: Intl.DateTimeFormat) {
      const format = bound!.call(this) as Intl.DateTimeFormat['format']
      return (date: Date | number = now()) => format(date)
    },
    configurable: true,
  })
  formats.formatToParts = function (this: Intl.DateTimeFormat, date: Date | number = now()) {
    return formatToParts.call(this, date)
  }

  const { Temporal } = window as unknown as { Temporal?: TemporalParts }
  if (Temporal !== undefined) {
    const instant = () => Temporal.Instant.fromEpochMilliseconds(now())
    const zoned = (zone: unknown = 'UTC') => instant().toZonedDateTimeISO(zone)
    Object.assign(Temporal.Now, {
      instant,
      zonedDateTimeISO: zoned,
      plainDateTimeISO: (zone?: unknown) => zoned(zone).toPlainDateTime(),
      plainDateISO: (zone?: unknown) => zoned(zone).toPlainDate(),
      plainTimeISO: (zone?: unknown) => zoned(zone).toPlainTime(),
    })
  }
}

/** The used part of Temporal, which Chromium has since version 144. */
interface TemporalParts {
  readonly Now: object
  readonly Instant: {
    fromEpochMilliseconds(milliseconds: number): {
      toZonedDateTimeISO(zone: unknown): Record<'toPlainDateTime' | 'toPlainDate' | 'toPlainTime', () => unknown>
    }
  }
}
