/** The filters above the table of episodes. */
import { Button, NativeSelect } from '@mantine/core'
import { X } from 'lucide-react'
import { memo, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import { useRuns } from '../../lab.ts'
import { usePlace, visit } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { SearchField } from '../../parts/search-field.tsx'
import { causeMessage, causeOf } from './cause.ts'
import { choicesOf, type EpisodeGroup, OUTCOMES } from './filter.ts'

interface Props {
  readonly groups: readonly EpisodeGroup[]
  readonly search: string
  readonly onSearch: (search: string) => void
  /** Called when any filter changes. */
  readonly onChange: () => void
}

/** Its props stay the same while the table is scrolled, so that it is not drawn again. */
export const EpisodeFilters = memo(function EpisodeFilters({ groups, search, onSearch, onChange }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const { data: runs } = useRuns()
  // There may be a thousand: they are named again only where the runs have changed.
  const runNames = useMemo(
    () => new Map(runs?.map(({ id }) => [String(id), t('episodes.run', { run: id })])),
    [runs, t],
  )
  const { stages, rounds, arms, tasks } = choicesOf(groups)
  return (
    <>
      <SearchField
        label={t('episodes.search')}
        width={215}
        value={search}
        onChange={(value) => {
          onSearch(value)
          onChange()
        }}
      />
      <Filter
        name="run"
        all={t('episodes.allRuns')}
        values={[...runNames.keys()]}
        labelOf={(run) => runNames.get(run) ?? run}
        onChange={onChange}
      />
      <Filter
        name="stage"
        all={t('episodes.allStages')}
        values={stages}
        labelOf={(stage) => t(`stage.${stage}` as 'stage.sft', { defaultValue: stage })}
        onChange={onChange}
      />
      {(rounds.length > 1 || query.round !== undefined) && (
        <Filter
          name="round"
          all={t('episodes.allRounds')}
          values={rounds}
          labelOf={(round) => t('episodes.round', { round })}
          onChange={onChange}
        />
      )}
      <Filter
        name="arm"
        all={t('episodes.allArms')}
        values={arms}
        labelOf={(arm) => armName(t, arm)}
        onChange={onChange}
      />
      <Filter name="task" all={t('episodes.allTasks')} values={tasks} labelOf={(task) => task} onChange={onChange} />
      <Filter
        name="outcome"
        all={t('episodes.allOutcomes')}
        values={OUTCOMES}
        labelOf={(outcome) => t(`outcome.${outcome}`)}
        onChange={onChange}
      />
      <CauseFilter onChange={onChange} />
    </>
  )
})

interface FilterProps<Value extends string> {
  /** The filter's name in the address. */
  readonly name: 'run' | 'stage' | 'round' | 'arm' | 'task' | 'outcome'
  /** The text of the choice that turns the filter off. */
  readonly all: string
  readonly values: readonly Value[]
  readonly labelOf: (value: Value) => string
  readonly onChange: () => void
}

function Filter<Value extends string>({ name, all, values, labelOf, onChange }: FilterProps<Value>) {
  const { t } = useTranslation()
  const { query } = usePlace()
  return (
    <NativeSelect
      size="xs"
      aria-label={t(`episodes.filters.${name}`)}
      value={query[name] ?? ''}
      data={[{ value: '', label: all }, ...values.map((value) => ({ value, label: labelOf(value) }))]}
      onChange={(event) => {
        visit({ [name]: event.currentTarget.value, episode: undefined })
        onChange()
      }}
    />
  )
}

/** The filter by cause. Other views set it; here it can only be removed. */
function CauseFilter({ onChange }: { readonly onChange: () => void }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const say = useSay()
  const cause = causeOf(query)
  if (cause === undefined) return null
  return (
    <Button
      size="compact-sm"
      variant="default"
      rightSection={<X size={13} aria-hidden />}
      title={t('episodes.dropFilter')}
      onClick={() => {
        visit({ reason: undefined, fault: undefined, episode: undefined })
        onChange()
      }}
    >
      {t('episodes.because', { cause: say(causeMessage(cause)) })}
    </Button>
  )
}
