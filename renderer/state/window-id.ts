/** What tells this window from others. It outlives a reload, and ends with the window. */
const NAME = 'dpo-driver.window'

export const WINDOW_ID = windowId()

function windowId(): string {
  const fresh = Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('-')
  try {
    const known = sessionStorage.getItem(NAME)
    if (known !== null) return known
    sessionStorage.setItem(NAME, fresh)
  } catch {
    // A browser that keeps nothing: a reload is then another window.
  }
  return fresh
}
