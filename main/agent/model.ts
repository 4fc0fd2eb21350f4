/** The agent: a model with its tokenizer and adapters. It reads a page and answers with a thought and an action. */

import type { PromptStyle } from '../config/choices.ts'
import { type Adapter, checkAdapter, loadAdapter } from '../engine/adapter/adapter.ts'
import type { BaseModel } from '../engine/adapter/base-identity.ts'
import { chosenEngine } from '../engine/auto.ts'
import { readPromptName } from '../engine/checkpoint/model-files.ts'
import type {
  AdapterName,
  Completion,
  Constraint,
  Engine,
  GenerateOptions,
  ModelConfig,
  Sampling,
} from '../engine/engine.ts'
import { moveAdapter } from '../engine/free.ts'
import type { DownloadOptions } from '../engine/hub/hub.ts'
import { findModel, type LoadOptions, loadEngine } from '../engine/load.ts'
import { checkTokenizerFits, loadTokenizer, type Tokenizer } from '../engine/tokenizer/tokenizer.ts'
import { checkPrompt } from '../engine/trained-prompt.ts'
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { ParseFailure } from '../store/episode.ts'
import { pageConstraint } from './constraint.ts'
import { formatAction, parseCompletion } from './grammar.ts'
import { AgentTexts, promptOf } from './texts.ts'

export interface Prediction {
  readonly thought: string
  readonly action: Action
  /** The action as the agent writes it: `click button Ok 3`. */
  readonly text: string
  /** The raw completion. */
  readonly completion: string
  /** Sum of the tokens' log-probabilities, in nats. */
  readonly logprob: number
}

/** An answer that may be no action. Then `action` is null, `failure` says why, and thought and text are empty. */
export interface PageAnswer extends Omit<Prediction, 'action'> {
  readonly action: Action | null
  readonly failure: ParseFailure | 'length' | null
  /** Number of its tokens. */
  readonly count: number
}

/** Which model, and how it is computed and stored, by default 'auto'. */
export interface AgentModelOptions extends Partial<Omit<LoadOptions, 'folder'>> {
  /** A checkpoint's folder, its name in models/, or its name on the Hugging Face Hub. */
  readonly model: string
  /** The prompt of each step. 'auto', the default, chooses it as `promptOf` does. */
  readonly prompt?: 'auto' | PromptStyle
  /** Hears what is odd about the model; by default Node prints that as a warning. */
  readonly warn?: Warn
  /** Reports the progress of a download from the Hugging Face Hub, and can stop it. */
  readonly download?: Pick<DownloadOptions, 'check' | 'onProgress' | 'signal'>
}

type Warn = (told: Message) => void

function printWarning(told: Message): void {
  process.emitWarning(english(told))
}

/** The sampling of `predict`. */
const GREEDY = { temperature: 0, top_p: 1, max_new_tokens: 96, seeds: [0] }

/** How `predict` samples, and whether it holds the answer to the actions that the page takes: true by default. */
export interface PredictOptions extends Partial<Omit<Sampling, 'stop_token_ids' | 'constraints'>> {
  readonly constrained?: boolean
}

export class AgentModel extends AgentTexts {
  readonly engine: Engine
  /** Where the model comes from; null if it was not read from a folder. */
  readonly base: BaseModel | null
  /** The adapter that `predict` uses; null is the base model. */
  adapter: AdapterName = null

  constructor(
    engine: Engine,
    tokenizer: Tokenizer,
    { base = null, prompt = 'auto' }: { readonly base?: BaseModel | null; readonly prompt?: 'auto' | PromptStyle } = {},
  ) {
    super(tokenizer, prompt === 'auto' ? promptOf(tokenizer) : prompt)
    this.engine = engine
    this.base = base
  }

  /** Opens a model. Throws UserError where it is missing or incomplete, or its engine does not start. */
  static async load(given: AgentModelOptions): Promise<AgentModel> {
    const { model, prompt = 'auto', warn = printWarning, download = {}, ...options } = given
    const { engine = 'auto', checkRoom } = options
    const check = async (config: ModelConfig) =>
      checkRoom?.(config, engine === 'auto' ? (await chosenEngine(config, options)).kind : engine)
    const folder = await findModel(model, { check, ...download })
    const tokenizer = await loadTokenizer(folder)
    const opened = await loadEngine({ engine: 'auto', threads: 'auto', ...options, folder })
    try {
      checkTokenizerFits(tokenizer, opened.config)
    } catch (error) {
      await opened.close()
      throw error
    }
    const trained = readPromptName(folder)
    const style = prompt === 'auto' ? promptOf(tokenizer, trained) : prompt
    const agent = new AgentModel(opened, tokenizer, { base: { name: model, folder }, prompt: style })
    if (trained !== undefined) checkPrompt(folder, trained, agent.promptName, warn)
    return agent
  }

  /**
   * Loads a LoRA adapter from a folder in PEFT's layout under `name`, and makes `predict` use it. `warn` hears what is
   * odd about it; by default Node prints that as a warning. Throws UserError where the adapter is incomplete or does not
   * fit the model.
   */
  async loadAdapter(path: string, name = 'adapter', warn: Warn = printWarning): Promise<void> {
    const { lora, tensors } = await this.readAdapter(path, warn)
    await moveAdapter(this.engine, name, lora, tensors)
    this.adapter = name
  }

  /** Checks an adapter for this model, without reading its weights. Throws UserError as `loadAdapter` does. */
  checkAdapter(path: string, warn: Warn = printWarning): Promise<void> {
    return checkAdapter(path, this.engine.config, { base: this.base, prompt: this.promptName, warn })
  }

  /** Reads an adapter for this model, without giving it to the engine. Throws UserError as `loadAdapter` does. */
  readAdapter(path: string, warn: Warn = printWarning): Promise<Adapter> {
    return loadAdapter(path, this.engine.config, { base: this.base, prompt: this.promptName, warn })
  }

  /**
   * The next action for an instruction on a page, without sampling. `done` are the earlier actions, in the form of
   * `text`. Throws an Error with the reason and the raw text where the completion is not a possible action, and a
   * UserError where a script gives no page, and where the page is too long for the model.
   */
  async predict(
    instruction: string,
    observation: Omit<Observation, 'instruction'>,
    done: readonly string[] = [],
    options: PredictOptions = {},
  ): Promise<Prediction> {
    if (!Array.isArray(observation?.elements)) {
      throw new UserError('predictNeedsPage')
    }
    const page: Observation = { ...observation, instruction }
    const { failure, ...answer } = await this.answer(page, done, options)
    const { thought, action, completion, count } = answer
    if (failure === 'length') {
      throw new Error(`The model did not end its answer within ${count} tokens: ${quote(completion)}`)
    }
    if (action === null || failure !== null) {
      const why = failure === null ? '' : `, ${english(message(`failure.${failure}`))}`
      throw new Error(`The model's answer is not an action${why}: ${quote(completion)}`)
    }
    return { thought, action, text: answer.text, completion, logprob: answer.logprob }
  }

  /** The model's answer to a page, without sampling. With free answers it may be no possible action. */
  async answer(
    page: Observation,
    done: readonly string[] = [],
    { constrained = true, ...given }: PredictOptions = {},
  ): Promise<PageAnswer> {
    const sampling = { ...GREEDY, ...given }
    const constraints = constrained ? [this.constraint(page, sampling.max_new_tokens)] : [null]
    const prompts = [this.promptTokens(page, done)]
    const [completion] = await this.generate(prompts, { ...sampling, constraints }, this.adapter)
    const { tokens, logprobs, stopped } = completion!
    const text = this.completionText(tokens)
    const common = {
      completion: text,
      count: tokens.length,
      logprob: logprobs.reduce((sum, value) => sum + value, 0),
    }
    const parsed = stopped ? parseCompletion(text, page) : ({ failure: 'length' } as const)
    if ('failure' in parsed) return { thought: '', action: null, text: '', failure: parsed.failure, ...common }
    const { thought, action } = parsed.decision
    return { thought, action, text: formatAction(action, page), failure: null, ...common }
  }

  /**
   * One completion for each prompt. Each ends with one of the tokenizer's stop tokens, or is cut off at max_new_tokens.
   */
  generate(
    prompts: readonly Int32Array[],
    sampling: Omit<Sampling, 'stop_token_ids'>,
    adapter: AdapterName,
    options?: GenerateOptions,
  ): Promise<Completion[]> {
    return this.engine.generate(prompts, { ...sampling, stop_token_ids: this.tokenizer.stopTokenIds }, adapter, options)
  }

  /** Holds an answer of at most so many tokens to the actions that a page takes, without those that are barred. */
  constraint(observation: Observation, maxNewTokens: number, barred: readonly string[] = []): Constraint {
    return pageConstraint(this.tokenizer.vocabulary, observation, maxNewTokens, barred)
  }

  /** Frees the engine. */
  async close(): Promise<void> {
    await this.engine.close()
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text)
}
