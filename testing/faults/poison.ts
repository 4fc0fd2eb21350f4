/** Preloaded into a lab or a worker: the problem that the environment names kills whoever plays it, as a page that takes all memory does. */
import { Session } from '../../main/environment/session.ts'
import { POISON } from './poisoned.ts'

const [name, seed] = (process.env[POISON] ?? '').split(' ')
const reset = Session.prototype.reset
Session.prototype.reset = function (...problem) {
  const [task, of] = problem
  if (task.name === name && of === Number(seed)) process.kill(process.pid, 'SIGKILL')
  return reset.apply(this, problem)
}
