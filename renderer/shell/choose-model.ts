/** Makes a model the base model of the next run. */
import type { TFunction } from 'i18next'
import { lab } from '../api.ts'
import { discardDraft } from '../parts/form/draft-store.ts'
import { queries } from '../queries.ts'
import { tell, tellError } from './notices.tsx'

const KEY = 'model.base_model_name'

/** Writes the model's name into the configuration, and offers to undo that. */
export async function chooseModel(t: TFunction, name: string): Promise<void> {
  try {
    const { fields } = await lab.config.form.query()
    const before = fields.find(({ key }) => key === KEY)?.value
    const path = await write(name)
    tell(t('models.chosen', { model: name, path }), () => void write(before).catch(tellError))
  } catch (error) {
    tellError(error)
  }
}

/** Returns the path of the configuration. */
async function write(name: unknown): Promise<string> {
  const form = await lab.config.set.mutate({ values: { [KEY]: name } })
  // What was typed into the form and not saved would look like the value.
  discardDraft([KEY])
  queries.setQueryData(['config'], form)
  await queries.invalidateQueries()
  return form.path
}
