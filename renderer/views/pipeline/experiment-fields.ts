/** The settings of an experiment as a whole. The stages' own settings stand with the stages. */
import type { Field } from '../../lab.ts'

/** First what an experiment is about. */
const MAIN = ['model.base_model_name', 'project.seed', 'flywheel.rounds', 'tasks']
/** Then where it reads and writes. */
const MORE = ['project.name', 'environment.miniwob', 'environment.tasks_dir']

/** Whether a setting belongs to the experiment, and not to a stage. */
export function isOfExperiment({ key }: Pick<Field, 'key'>): boolean {
  return MAIN.includes(key) || MORE.includes(key) || key.startsWith('paths.')
}

/** These settings in the order in which they are shown; those that seldom change are folded away. */
export function experimentFields(fields: readonly Field[]): Field[] {
  const own = fields.filter(isOfExperiment)
  const main = MAIN.flatMap((key) => own.find((field) => field.key === key) ?? [])
  const others = own.filter((field) => !main.includes(field))
  return [
    ...main.map((field) => ({ ...field, advanced: false })),
    ...others.map((field) => ({ ...field, advanced: true })),
  ]
}
