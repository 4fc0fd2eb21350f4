/** The lab's store: one SQLite file with all runs, stages, metrics, episodes and pairs, each written at once. */
import { Checkpoints } from './checkpoints.ts'
import { Database } from './database.ts'
import { Episodes } from './episodes.ts'
import { Events } from './events.ts'
import { GoldenSets } from './golden.ts'
import { Judgements } from './judgements.ts'
import { Labels } from './labels.ts'
import { Metrics } from './metrics.ts'
import { Pairs } from './pairs.ts'
import { Played } from './played.ts'
import { Runs } from './runs.ts'
import { Stages } from './stages.ts'
import { Studies } from './studies.ts'
import { TrackedArms } from './tracked.ts'

/** Opens a store, and creates or upgrades it as needed. Throws UserError for a file that is not one. */
export class Store {
  /** The file, by its name without links. */
  readonly path: string
  readonly runs: Runs
  readonly labels: Labels
  readonly stages: Stages
  readonly episodes: Episodes
  readonly played: Played
  readonly golden: GoldenSets
  readonly pairs: Pairs
  readonly judgements: Judgements
  readonly metrics: Metrics
  readonly checkpoints: Checkpoints
  readonly events: Events
  readonly studies: Studies
  readonly #database: Database

  constructor(path: string) {
    this.#database = new Database(path)
    this.path = this.#database.path
    this.runs = new Runs(this.#database)
    this.labels = new Labels(this.#database)
    this.stages = new Stages(this.#database)
    this.episodes = new Episodes(this.#database)
    this.played = new Played(this.#database)
    this.golden = new GoldenSets(this.#database)
    this.pairs = new Pairs(this.#database)
    this.judgements = new Judgements(this.#database)
    this.metrics = new Metrics(this.#database)
    this.checkpoints = new Checkpoints(this.#database)
    this.events = new Events(this.#database)
    this.studies = new Studies(this.#database)
  }

  /** The state of each arm at a place that keeps MLflow's runs. */
  tracked(place: string): TrackedArms {
    return new TrackedArms(this.#database, place)
  }

  /** Runs `work` as one transaction: all of its changes are stored, or none. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  /** Runs `work` and takes back all of its changes, to see what it would do. Not within a transaction. */
  trial<T>(work: () => T): T {
    return this.#database.trial(work)
  }

  close(): void {
    this.#database.close()
  }
}
