/** Converts stored texts to the tokens that training takes. */
import type { AgentModel } from '../../agent/model.ts'
import type { Config } from '../../config/schema.ts'
import { projectPath } from '../../files/paths.ts'
import { type GoldenSample, readGoldenData, splitGolden } from '../../preferences/golden.ts'
import type { Example } from '../../training/sft.ts'

/** The golden samples for the configuration: those to train on, and those held out. */
export function goldenExamples(model: AgentModel, config: Config): { train: Example[]; heldOut: Example[] } {
  const { samples_per_task, held_out_per_task } = config.golden
  const samples = readGoldenData(projectPath(config.paths.sft_data))
  const { train, heldOut } = splitGolden(samples, config.tasks, samples_per_task, held_out_per_task)
  const example = ({ prompt, completion }: GoldenSample): Example => ({
    prompt: model.messageTokens(prompt),
    completion: model.completionTokens(completion),
  })
  return { train: train.map(example), heldOut: heldOut.map(example) }
}
