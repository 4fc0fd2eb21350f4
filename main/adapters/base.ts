/** Which model of this machine an adapter belongs to. */
import type { Config } from '../config/schema.ts'
import { sameModelName } from '../engine/adapter/base-identity.ts'
import { localFolder } from '../engine/architecture.ts'

/**
 * The name of the base model for an adapter: the one that the adapter names, or the configuration's if that is the same
 * model and the adapter's name for it is a place on another machine.
 */
export function baseNameOf({ base }: { readonly base: string | null }, { model }: Config): string {
  const named = base ?? model.base_model_name
  return localFolder(named) === null && sameModelName(named, model.base_model_name) ? model.base_model_name : named
}
