/** Choices for the storage and adaptation of a model, which the configuration and the engine share. */

/**
 * Storage format of the base model's matrices. Float32 matrices can be trained; in the other formats they are frozen. fp16 is
 * for the engine webgpu.
 */
export const PRECISIONS = ['fp32', 'bf16', 'fp16', 'int8', 'nf4'] as const
export type Precision = (typeof PRECISIONS)[number]

/** Storage format of embedding and head where the base model's matrices are frozen. */
export const HEAD_PRECISIONS = ['bf16', 'int8', 'nf4'] as const
export type HeadPrecision = (typeof HEAD_PRECISIONS)[number]

/** What hosts the engine webgpu: a Node process, or a page of Chromium. */
export const WEBGPU_HOSTS = ['auto', 'node', 'page'] as const
export type WebGpuHost = (typeof WEBGPU_HOSTS)[number]

/**
 * Prompts of a step. compact is the page and the task, for models that were trained on it; instruct explains and shows
 * the form, for pretrained models.
 */
export const PROMPT_STYLES = ['compact', 'instruct'] as const
export type PromptStyle = (typeof PROMPT_STYLES)[number]

/** Default time limit of an episode on its page, in seconds. */
export const EPISODE_TIME_LIMIT = 30

/** Arms that learn from the episodes by policy gradients, by the names of TRL's trainers. */
export const POLICY_GRADIENTS = ['rloo', 'grpo'] as const
export type PolicyGradient = (typeof POLICY_GRADIENTS)[number]

/**
 * How attempts become pairs. attempts: each failure against a success, where they first differ. states: all attempts that came to
 * the same page, an action that mostly succeeded against one that never did.
 */
export const CONTRASTS = ['attempts', 'states'] as const
export type Contrasts = (typeof CONTRASTS)[number]

/** The projections of a decoder layer that LoRA can adapt, by PEFT's names. */
export const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const
export type Projection = (typeof PROJECTIONS)[number]
