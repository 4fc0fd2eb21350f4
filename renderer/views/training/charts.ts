/** The charts of the shown trainings, with their lines. */
import type { TFunction } from 'i18next'
import type { TrainingClock } from '../../../main/evaluation/training-clock.ts'
import type { Answers } from '../../lab.ts'
import { type Along, CLOCK_METRICS, clockOf, placed, placeOf } from '../../parts/curve/along.ts'
import type { Mark } from '../../parts/curve/drawing.tsx'
import { lineOf, type Series } from '../../parts/curve/series.ts'
import { type Arm, type ArmKey, idOf, type TrainingStage, trainingName } from './arms.ts'
import { CHARTS, type ChartSpec, type Role } from './chart-specs.ts'

type CurveAnswer = Answers['metrics']['curves'][number]
type Points = Pick<Series, 'points' | 'bounds'>

/** The curves that the lab has sent, by training and metric. */
export class Curves {
  readonly #points: ReadonlyMap<string, Points>

  constructor(answers: readonly CurveAnswer[]) {
    this.#points = new Map(answers.map((answer) => [`${idOf(answer)} ${answer.name}`, lineOf(answer)]))
  }

  /** undefined where the lab has not sent it. */
  of(arm: ArmKey, metric: string): Points | undefined {
    return this.#points.get(`${idOf(arm)} ${metric}`)
  }

  /** How far the training had come at each step; null where that is not recorded, or not fetched. */
  clock(arm: ArmKey): TrainingClock | null {
    return clockOf(CLOCK_METRICS.map((metric) => this.of(arm, metric)))
  }
}

/** The trainings to draw. */
export interface Trainings {
  /** All trainings that can be shown. Each has the colour at its place in `colours`. */
  readonly arms: readonly Arm[]
  readonly colours: readonly string[]
  /** The trainings that are shown. */
  readonly shown: readonly Arm[]
  /** Whether they belong to several runs: then names include the run. */
  readonly several: boolean
  readonly curves: Curves
  /** Their curves over all steps, where `curves` are those of a zoom. */
  readonly whole: Curves
  readonly along: Along
  /** How far each of the shown ones had come, by its id. */
  readonly clocks: ReadonlyMap<string, TrainingClock | null>
}

export interface ChartContent {
  readonly spec: ChartSpec
  readonly series: readonly Series[]
  readonly mark?: Mark
}

/** The charts of a stage that have data. */
export function chartsOf(t: TFunction, stage: TrainingStage, trainings: Trainings): ChartContent[] {
  const { shown, along, clocks } = trainings
  // Only for a single training: with several, nobody could tell whose line it is.
  const kept = shown.length === 1 ? shown[0]!.kept : null
  const place = kept === null ? null : placeOf(kept, along, clocks.get(idOf(shown[0]!)) ?? null)
  const mark = place === null ? undefined : { step: place, word: t('training.kept') }
  return CHARTS[stage]
    .map((spec) => ({
      spec,
      series: shown.flatMap((arm) => spec.lines.flatMap((line) => seriesOf(t, trainings, arm, line) ?? [])),
      ...(mark === undefined || spec.id !== 'loss' ? {} : { mark }),
    }))
    .filter(({ series }) => series.length > 0)
}

/** A line of a chart; undefined where the training does not have the metric. */
function seriesOf(
  t: TFunction,
  { arms, colours, shown, several, curves, whole, along, clocks }: Trainings,
  arm: Arm,
  { metric, role }: ChartSpec['lines'][number],
): Series | undefined {
  const found = curves.of(arm, metric)
  if (found === undefined || found.points.length === 0) return undefined
  const all = { ...found, whole: (whole.of(arm, metric) ?? found).points }
  const points = placed(all, along, clocks.get(idOf(arm)) ?? null)
  if (points === undefined) return undefined
  const name = trainingName(t, arm, arms, several)
  const roleName = role === 'main' ? name : t(`training.roles.${role}`)
  const alone = shown.length === 1
  return {
    id: `${idOf(arm)} ${metric}`,
    label: role === 'main' || alone ? roleName : `${name}, ${roleName}`,
    colour: lineColour(role, colours[arms.indexOf(arm)]!, alone),
    dashed: role === 'heldOut' || role === 'rejected',
    exact: role === 'heldOut',
    ...points,
  }
}

/** With one training, colours mean chosen and rejected; with several, they tell the trainings apart. */
function lineColour(role: Role, own: string, alone: boolean): string {
  if (alone && role === 'chosen') return 'var(--chosen)'
  if (alone && role === 'rejected') return 'var(--rejected)'
  return own
}
