/** Forwards a person's mouse and keys to the page whose pictures they look at. */
import type { KeyInput, Page } from 'puppeteer-core'
import { z } from 'zod'
import { VIEWPORT } from '../environment/emulation.ts'

const x = z.number().min(0).max(VIEWPORT.width)
const y = z.number().min(0).max(VIEWPORT.height)
const scroll = z.number().min(-10_000).max(10_000)
/** KeyboardEvent.key. */
const key = z.string().min(1).max(30)

/** An input event, in CSS pixels of the frame. */
export const inputSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['move', 'down', 'up']), x, y }),
  z.strictObject({ type: z.literal('wheel'), x, y, dx: scroll, dy: scroll }),
  z.strictObject({ type: z.enum(['keydown', 'keyup']), key }),
])
export type Input = z.output<typeof inputSchema>

/** Names of keys on a keyboard. Any other text is a letter, which is entered as by an input method. */
const KEY =
  /^([ -~]|Enter|Tab|Escape|Backspace|Delete|Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down)|Shift|Control|Alt)$/

export class Hand {
  /**
   * Whether a button is down. A person may leave the picture with a button down, and messages may be lost; the page
   * gets complete clicks.
   */
  #down = false

  /** Repeats on the page what was done to its picture. */
  async forward({ mouse, keyboard }: Page, input: Input): Promise<void> {
    switch (input.type) {
      case 'move':
        return mouse.move(input.x, input.y)
      case 'wheel':
        await mouse.move(input.x, input.y)
        return mouse.wheel({ deltaX: input.dx, deltaY: input.dy })
      case 'down':
      case 'up':
        await mouse.move(input.x, input.y)
        if (this.#down === (input.type === 'down')) return
        this.#down = !this.#down
        return this.#down ? mouse.down() : mouse.up()
      case 'keydown':
        if (KEY.test(input.key)) return keyboard.down(input.key as KeyInput)
        if ([...input.key].length === 1) await keyboard.sendCharacter(input.key)
        return
      case 'keyup':
        if (KEY.test(input.key)) await keyboard.up(input.key as KeyInput)
    }
  }
}
