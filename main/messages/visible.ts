/** Control characters of texts from outside, made visible. */

/**
 * A text without characters that act on a screen: control characters, which a terminal takes as commands, and those that
 * turn the direction of what follows. Line breaks and tabs stay.
 */
export function visible(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(ACTING, '\uFFFD')
}

const ACTING = /[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu
