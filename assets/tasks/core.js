/*
 * The protocol of a MiniWoB++ task page, as the lab speaks it, written anew for the lab's own pages. A page of yours
 * (environment.tasks_dir) needs no more than this:
 *
 *   Math.seedrandom(n)         every random choice after it follows from n
 *   genProblem()               yours: builds a problem in #area and writes the task into #query
 *   core.startEpisodeReal()    begins an episode; the page starts behind a cover that does this when clicked
 *   core.endEpisode(r)         yours to call: ends the episode with a reward from -1 to 1; 1 and nothing less is success
 *   core.getUtterance()        the task in words
 *   WOB_DONE_GLOBAL, WOB_RAW_REWARD_GLOBAL, WOB_REWARD_GLOBAL, WOB_REWARD_REASON, WOB_EPISODE_ID, WOB_TASK_READY
 */

var WOB_REWARD_GLOBAL = 0
var WOB_RAW_REWARD_GLOBAL = 0
var WOB_REWARD_REASON = null
var WOB_DONE_GLOBAL = false
var WOB_EPISODE_ID = 0
var WOB_TASK_READY = true

// Mulberry32: one 32-bit state, a full period, and the same numbers on every machine.
Math.seedrandom = (seed) => {
  let state = Number(seed) >>> 0
  Math.random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

var core = {
  EPISODE_MAX_TIME: 10_000,
  EP_TIMER: null,
  ept0: null,

  startEpisode() {
    if (document.getElementById('sync-task-cover') === null) {
      document.body.append(
        core.make('div', { id: 'reward-display' }, ['-']),
        core.make('div', { id: 'sync-task-cover', onclick: core.startEpisodeReal }, ['START']),
      )
    }
    document.getElementById('sync-task-cover').style.display = 'block'
  },

  startEpisodeReal() {
    document.getElementById('area').replaceChildren()
    genProblem()
    WOB_DONE_GLOBAL = false
    WOB_REWARD_GLOBAL = 0
    WOB_RAW_REWARD_GLOBAL = 0
    WOB_REWARD_REASON = null
    document.getElementById('wrap').scrollTop = 0
    document.getElementById('sync-task-cover').style.display = 'none'
    core.ept0 = Date.now()
    clearTimeout(core.EP_TIMER)
    core.EP_TIMER = setTimeout(() => core.endEpisode(-1, false, 'timed out'), core.EPISODE_MAX_TIME)
  },

  /** Only the first end of an episode counts. `timeProportional`: less for a late success, as the benchmark decays it. */
  endEpisode(reward, timeProportional = false, reason = null) {
    if (core.EP_TIMER === null) return
    clearTimeout(core.EP_TIMER)
    core.EP_TIMER = null
    const left = Math.max(0, 1 - (Date.now() - core.ept0) / core.EPISODE_MAX_TIME)
    WOB_RAW_REWARD_GLOBAL = reward
    WOB_REWARD_GLOBAL = timeProportional ? reward * left : reward
    WOB_REWARD_REASON = reason
    WOB_DONE_GLOBAL = true
    WOB_EPISODE_ID++
    document.getElementById('reward-display').textContent = `Last reward: ${WOB_REWARD_GLOBAL.toFixed(2)}`
    core.startEpisode()
  },

  /** Ends with success or with the opposite. */
  judge: (right) => core.endEpisode(right ? 1 : -1, right),

  getUtterance: () => document.getElementById('query').textContent.replace(/\s+/g, ' ').trim(),
  ask: (text) => {
    document.getElementById('query').textContent = text
  },

  /** A whole number from min up to, but not including, max. */
  randi: (min, max) => min + Math.floor(Math.random() * (max - min)),
  sample: (list) => list[core.randi(0, list.length)],
  /** `count` different members of the list, in random order. */
  pick: (list, count) => {
    const rest = [...list]
    return Array.from({ length: Math.min(count, list.length) }, () => rest.splice(core.randi(0, rest.length), 1)[0])
  },
  /** Made-up words such as "moluti", so that none can be learnt by heart. */
  word: (syllables = core.randi(2, 4)) =>
    Array.from({ length: syllables }, () => core.sample([...'bdfgklmnprstv']) + core.sample([...'aeiou'])).join(''),
  words: (count) => Array.from({ length: count }, () => core.word()).join(' '),
  /** `count` different made-up words. */
  differentWords: (count) => {
    const words = new Set()
    while (words.size < count) words.add(core.word())
    return [...words]
  },

  /** An element with its properties (`onclick`, `id`), attributes (whatever has a dash) and children. */
  make: (tag, properties = {}, children = []) => {
    const element = document.createElement(tag)
    for (const [key, value] of Object.entries(properties)) {
      if (key === 'role' || key.includes('-')) element.setAttribute(key, value)
      else element[key] = value
    }
    element.append(...children)
    return element
  },
  /** Adds elements to the task's area. */
  show: (...elements) => document.getElementById('area').append(...elements),
}

window.addEventListener('load', core.startEpisode)
