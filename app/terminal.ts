/** Prints a run's events: with a moving progress bar in a terminal, otherwise with a line every ten seconds. */

import { visible } from '../main/messages/visible.ts'
import { isWarning } from '../main/messages/warnings.ts'
import type { Emit, LabEvent } from '../main/pipeline/events.ts'

/** What is written to: process.stdout, or a stand-in. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const BAR_WIDTH = 24
/** Milliseconds between two looks of the bar, and between two lines where there is no terminal. */
const BAR_INTERVAL = 100
const LINE_INTERVAL = 10_000

/** Prints events for people. */
export function terminalView(screen: Screen, now: () => number = Date.now): Emit {
  let drawn = false
  let last = 0
  const clear = () => {
    if (drawn) screen.write('\r\x1b[K')
    drawn = false
  }
  const line = (text: string) => {
    clear()
    screen.write(`${text}\n`)
  }
  return (event) => {
    switch (event.event) {
      case 'run':
        return line(`Run ${event.run}: ${event.command}${event.resumed ? ', resumed' : ''}`)
      case 'stage':
        last = event.status === 'running' ? now() : 0
        return line(stageLine(event))
      case 'message':
        return line(isWarning(event) ? warning(event.text, screen) : visible(event.text).replace(/^/gm, '  '))
      case 'progress': {
        if (now() - last < (screen.isTTY ? BAR_INTERVAL : LINE_INTERVAL)) return
        last = now()
        if (!screen.isTTY) return line(`  ${progressText(event)}`)
        const bar = `  ${progressBar(event.done / event.total)} ${progressText(event)}`
        screen.write(`\r\x1b[K${bar.slice(0, (screen.columns ?? 80) - 1)}`)
        drawn = true
        return
      }
      case 'end':
        return line(`Run ${event.run} ${event.status} after ${duration(event.seconds)}`)
      case 'metrics':
        return
    }
  }
}

/** Prints events for scripts, one JSON object per line. */
export function jsonView(screen: Screen): Emit {
  return (event) => screen.write(`${JSON.stringify(event)}\n`)
}

/** A warning stands out by its first word, and in a terminal by its colour. */
function warning(text: string, { isTTY = false }: Screen): string {
  const said = `Warning: ${visible(text)}`.replace(/^/gm, '  ')
  return isTTY ? `\x1b[33m${said}\x1b[39m` : said
}

function stageLine({ stage, title, round, status, seconds }: Extract<LabEvent, { event: 'stage' }>): string {
  const name = round > 0 ? `${stage}, round ${round}` : stage
  switch (status) {
    case 'running':
      return `${name}: ${title}`
    case 'skipped':
      return `${name}: done before`
    default:
      return `${name}: ${status} after ${duration(seconds)}`
  }
}

function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`
}

function progressText({ done, total, unit, rate, eta }: Extract<LabEvent, { event: 'progress' }>): string {
  const rest = eta === null ? '' : `, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s, ${duration(eta)} to go`
  return `${done}/${total} ${unit}${rest}`
}

/** 8.2 s, 4:05 min, 1:02:03 h. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)} h` : `${minutes}:${two(whole % 60)} min`
}
