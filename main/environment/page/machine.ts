/**
 * Runs in the page and in the frames in it, before their own scripts: hides what the browser's commands cannot hide of
 * the machine.
 */

/** Sets random numbers, touch, memory and the window around the page, and takes the clipboard away. */
export function hideMachine(): void {
  // What a page draws while it loads; then the seed of the problem takes its place. Mulberry32, as in the lab's core.js.
  let state = 0
  Math.random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  // The clipboard is that of the machine's user.
  const { execCommand } = Document.prototype
  Document.prototype.execCommand = function (this: Document, command: string, ...rest: [boolean?, string?]) {
    return !/^(copy|cut|paste)$/i.test(command) && execCommand.call(this, command, ...rest)
  }
  const refuse = () => Promise.reject(new DOMException('The page may not use the clipboard.', 'NotAllowedError'))
  if (typeof Clipboard === 'function') {
    Object.assign(Clipboard.prototype, { read: refuse, readText: refuse, write: refuse, writeText: refuse })
  }

  const define = (owner: object, values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(owner, name, { get: () => value, configurable: true })
    }
  }
  define(navigator, { maxTouchPoints: 0, deviceMemory: 8 })
  define(window, { outerWidth: 780, outerHeight: 580, screenX: 0, screenY: 0, screenLeft: 0, screenTop: 0 })
  for (const owner of [
    window,
    Document.prototype,
    HTMLElement.prototype,
    SVGElement.prototype,
    MathMLElement.prototype,
  ]) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name.startsWith('ontouch')) Reflect.deleteProperty(owner, name)
    }
  }
}
