/** Runs in the page: starts an episode and reads its state. */
import type { Lab, PageState, TaskWindow } from './lab.ts'

/** Installs `start` and `state`. */
export function keepEpisode(): void {
  const page = window as unknown as TaskWindow
  const lab: Lab = page.dpoDriver
  // About the longest delay that setTimeout accepts. With it, the page's own clock ends no episode.
  const NEVER = 2_147_000_000
  const LONGEST_WAIT = 1000
  const MOST_PICTURES = 200
  /** Holds the pictures of styles, so that the browser keeps them. */
  const kept: HTMLImageElement[] = []

  const instruction = (): string => {
    const utterance = page.core.getUtterance()
    return lab.clean(typeof utterance === 'string' ? utterance : utterance.utterance, 1000)
  }

  let started = false
  lab.state = async (budget) => {
    if (!started) return null
    if (!page.WOB_DONE_GLOBAL) await lab.settle(LONGEST_WAIT)
    const done = page.WOB_DONE_GLOBAL === true
    const reward = Number(page.WOB_RAW_REWARD_GLOBAL)
    if (done) return { done, reward, instruction: '', elements: [], dropped: 0 }
    const state: PageState = { done, reward, instruction: instruction(), ...lab.observe(budget) }
    // The next click waits for pictures that were still loading when the page was observed.
    await lab.settle(LONGEST_WAIT)
    return state
  }

  /**
   * Resets the fields. A text area that was typed into ignores the text that the next problem puts between its tags.
   */
  const emptyFields = (): void => {
    const form = document.createElement('form')
    form.id = 'dpo-driver-fields'
    document.body.append(form)
    const fields = document.querySelectorAll('input:not([form]), textarea:not([form]), select:not([form])')
    for (const field of fields) field.setAttribute('form', form.id)
    form.reset()
    for (const field of fields) field.removeAttribute('form')
    form.remove()
  }

  /** Hides the cover that a page shows at the end of an episode, so that viewers see the end. */
  const uncover = (): void => {
    const id = 'dpo-driver-uncover'
    if (document.getElementById(id) !== null) return
    const style = document.createElement('style')
    style.id = id
    style.textContent = '#sync-task-cover { display: none !important }'
    document.head.append(style)
  }

  /**
   * Loads the pictures that the page's own styles name, in one second at most. Otherwise the picture that an icon shows under
   * the mouse would be loaded by the first click, which misses the icon while that has no size.
   */
  const loadPictures = async (): Promise<void> => {
    const styles = [...document.querySelectorAll('style')].map(({ textContent }) => textContent ?? '')
    const urls = [...styles.join('\n').matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)/g)].slice(0, MOST_PICTURES)
    const loads = urls.map(async ([, url]) => {
      const picture = new Image()
      picture.src = url!
      kept.push(picture)
      await picture.decode().catch(() => {})
    })
    await Promise.race([Promise.all(loads), new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT))])
  }

  lab.start = async (seed, budget) => {
    if (!started) await loadPictures()
    uncover()
    if (page.core.EP_TIMER !== null) page.core.endEpisode(0)
    emptyFields()
    // Without jQuery's animations a menu is open right after its click.
    if (page.jQuery !== undefined) page.jQuery.fx.off = true
    ;(document.activeElement as HTMLElement | null)?.blur?.()
    ;(Math as unknown as { seedrandom(seed: number): void }).seedrandom(seed)
    // Pages set this when they load or make a problem. The accessor ignores that.
    Object.defineProperty(page.core, 'EPISODE_MAX_TIME', { get: () => NEVER, set() {}, configurable: true })
    lab.forget()
    started = true
    // What a problem shows of the time is the same, however long this machine takes to make it.
    lab.stopClock()
    try {
      page.core.startEpisodeReal()
    } catch (error) {
      return String(error)
    }
    lab.startClock()
    return lab.state(budget)
  }
}
