/** What finds runs: words, filters, and the choice of columns. */
import { Button, MultiSelect, NativeSelect, Popover } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Columns3 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { RunBrief } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { armsOf } from '../../parts/arm.ts'
import { SearchField } from '../../parts/search-field.tsx'
import { ListCount } from '../../parts/split.tsx'
import { useSettings } from '../../state/settings.ts'
import { choicesOf, chosenIn, FILTER_NAMES, type FilterName } from './filter.ts'
import { columnName, FACTS, rateColumn, settingColumn } from './run-columns.tsx'
import classes from './runs.module.css'

interface Props {
  /** Every run. */
  readonly runs: readonly RunBrief[]
  /** How many pass the filters. */
  readonly found: number
  /** The ids of the shown columns. */
  readonly columns: readonly string[]
}

export function RunTools({ runs, found, columns }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  return (
    <div className={classes.tools}>
      <SearchField
        label={t('runs.search')}
        width={200}
        value={query.search ?? ''}
        onChange={(search) => choose({ search })}
      />
      {FILTER_NAMES.map((name) => (
        <RunFilter key={name} name={name} runs={runs} />
      ))}
      <ColumnChoice runs={runs} columns={columns} />
      <ListCount text={t('runs.count', { count: runs.length, found })} />
    </div>
  )
}

function RunFilter({ name, runs }: { readonly name: FilterName; readonly runs: readonly RunBrief[] }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const labels: Readonly<Record<FilterName, (value: string) => string>> = {
    command: (value) => t(`command.${value}` as 'command.sft', { defaultValue: value }),
    status: (value) =>
      value === 'interrupted' ? t('runs.interrupted') : t(`status.${value}` as 'status.done', { defaultValue: value }),
    tag: (value) => value,
  }
  const choices = choicesOf(name, runs)
  if (choices.length === 0) return null
  return (
    <NativeSelect
      size="xs"
      aria-label={t(`runs.filters.${name}.name`)}
      value={chosenIn(query, name, runs) ?? ''}
      data={[
        { value: '', label: t(`runs.filters.${name}.all`) },
        ...choices.map((value) => ({ value, label: labels[name](value) })),
      ]}
      onChange={(event) => choose({ [name]: event.currentTarget.value })}
    />
  )
}

/** Columns of facts, of every policy's success, and of any setting. */
function ColumnChoice({ runs, columns }: Pick<Props, 'runs' | 'columns'>) {
  const { t } = useTranslation()
  return (
    <Popover position="bottom-start" shadow="md" width={380} trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<Columns3 size={14} aria-hidden />}>
          {t('runs.chooseColumns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <ColumnSelect runs={runs} columns={columns} />
      </Popover.Dropdown>
    </Popover>
  )
}

function ColumnSelect({ runs, columns }: Pick<Props, 'runs' | 'columns'>) {
  const { t } = useTranslation()
  const form = useQuery({ queryKey: ['config', 'form'], queryFn: () => lab.config.form.query() })
  const arms = armsOf(runs)
  const item = (value: string) => ({ value, label: columnName(t, value) })
  const set = (next: readonly string[]) => {
    choose({ columns: next.join(',') })
    useSettings.setState({ runColumns: next })
  }
  return (
    <MultiSelect
      size="xs"
      searchable
      hidePickedOptions
      maxDropdownHeight={260}
      comboboxProps={{ withinPortal: false }}
      label={t('runs.chooseColumns')}
      description={t('runs.chooseColumnsNote')}
      value={[...columns]}
      data={[
        { group: t('runs.columnGroups.facts'), items: FACTS.map(item) },
        { group: t('runs.columnGroups.rates'), items: arms.map((arm) => item(rateColumn(arm))) },
        {
          group: t('runs.columnGroups.settings'),
          items: (form.data?.fields ?? []).map(({ key }) => item(settingColumn(key))),
        },
      ]}
      onChange={set}
    />
  )
}
