/** Begins studies, and makes them larger. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.ts'
import { makeFolder, unwritable, writeFileAtomic } from '../files/file.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { readText } from '../preferences/data-file.ts'
import type { Store } from '../store/store.ts'
import type { PlannedMember, StudyRecord } from '../store/studies.ts'
import type { ReadPlan } from './plan.ts'

/** The folder of a study in the folder of reports, with its report; relative where that is. */
export function studyFolder(reports: string, { name, id }: Pick<StudyRecord, 'name' | 'id'>): string {
  return join(reports, 'studies', `${name}-${id}`)
}

/**
 * The members of a plan, a training seed after the other, with all variants of each. So members that share something follow
 * each other, and what is finished early can be compared. Their golden samples and exports lie in the study's folder: what
 * people do with the lab's own files meanwhile makes no difference to the study.
 */
export function plannedMembers({ seeds, variants }: ReadPlan, folder: string): PlannedMember[] {
  const paths = {
    sft_data: join(folder, 'golden.jsonl'),
    preference_data: join(folder, 'latest', 'preferences.jsonl'),
    sft_adapter_path: join(folder, 'latest', 'sft_adapter'),
    dpo_adapter_path: join(folder, 'latest', 'dpo_adapter'),
  }
  return seeds.flatMap((seed) =>
    [...variants].map(([variant, config]) => ({
      variant,
      seed,
      config: { ...config, project: { ...config.project, seed }, paths: { ...config.paths, ...paths } },
    })),
  )
}

/** The latest study with this name; undefined where there is none. */
export function studyNamed(store: Store, name: string): StudyRecord | undefined {
  return store.studies
    .list()
    .filter((study) => study.name === name)
    .sort((a, b) => b.id - a.id)[0]
}

/**
 * Stores a study and returns its id. It begins with a copy of the golden samples at paths.sft_data.
 * Throws UserError where a file cannot be written.
 */
export function createStudy(store: Store, read: ReadPlan): number {
  return store.transaction(() => {
    const { name } = read.plan
    const [config] = [...read.variants.values()]
    const { reports, sft_data } = config!.paths
    const id = store.studies.create(name, read.plan)
    const folder = studyFolder(reports, { name, id })
    store.studies.addMembers(id, plannedMembers(read, folder))
    copyGolden(projectPath(sft_data), projectPath(folder))
    return id
  })
}

function copyGolden(from: string, folder: string): void {
  try {
    makeFolder(folder)
  } catch (error) {
    throw unwritable(folder, error)
  }
  const text = readText(from)
  if (text !== undefined) writeFileAtomic(join(folder, 'golden.jsonl'), text)
}

/**
 * Adds what a plan has and the study does not: more seeds, more variants. Returns the number of new members. Throws UserError
 * where the plan gives a member other settings than it has.
 */
export function extendStudy(store: Store, study: StudyRecord, read: ReadPlan): number {
  const [config] = [...read.variants.values()]
  const planned = plannedMembers(read, studyFolder(config!.paths.reports, study))
  return store.transaction(() => {
    const known = store.studies.members(study.id)
    const added = planned.filter(({ variant, seed, config: wanted }) => {
      const member = known.find((one) => one.variant === variant && one.seed === seed)
      if (member === undefined) return true
      if (!isDeepStrictEqual(store.studies.config(member), plain(wanted))) {
        throw new UserError('studyMemberDiffers', { name: study.name, variant, seed })
      }
      return false
    })
    store.studies.addMembers(study.id, added)
    if (added.length > 0) store.studies.setPlan(study.id, read.plan)
    return added.length
  })
}

/** A configuration as it is read back from JSON. */
function plain(config: Config): unknown {
  return JSON.parse(JSON.stringify(config))
}
