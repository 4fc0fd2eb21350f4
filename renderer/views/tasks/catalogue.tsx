/** All tasks as cards: picture, kind, expert, reach, success so far. Marked ones become the tasks to learn. */
import { Button, Checkbox, Group, Menu, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers, TaskInfo } from '../../lab.ts'
import { useTasks } from '../../lab.ts'
import { choose, hrefOf, usePlace } from '../../location.ts'
import { percent } from '../../parts/figures.ts'
import { Loading } from '../../parts/loading.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { ListCount } from '../../parts/split.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { EXPERT, filteredTasks, GROUPS, isOutOfReach, presetsOf } from './filter.ts'
import classes from './tasks.module.css'

type SoFar = Answers['tasks']['soFar']

export function Catalogue() {
  const { query } = usePlace()
  const tasks = useTasks()
  const soFar = useQuery({ queryKey: ['episodes', 'so far'], queryFn: () => lab.tasks.soFar.query() })
  const shown = useMemo(() => filteredTasks(tasks, query), [tasks, query])
  // null while the choice is the configured one.
  const [changed, setChanged] = useState<ReadonlySet<string> | null>(null)
  const learned = useMemo(() => new Set(tasks.filter((task) => task.learned).map(({ name }) => name)), [tasks])
  const chosen = changed ?? learned
  if (tasks.length === 0) return <Loading />
  const mark = (name: string, on: boolean) => {
    const next = new Set(chosen)
    if (on) next.add(name)
    else next.delete(name)
    setChanged(next)
  }
  return (
    <>
      <Filters shown={shown.length} total={tasks.length} />
      <Choice tasks={tasks} shown={shown} chosen={chosen} learned={learned} onChange={setChanged} />
      <ul className={classes.cards}>
        {shown.map((task) => (
          <TaskCard
            key={task.name}
            task={task}
            soFar={soFar.data?.[task.name]}
            chosen={chosen.has(task.name)}
            onChoose={(on) => mark(task.name, on)}
          />
        ))}
      </ul>
    </>
  )
}

function Filters({ shown, total }: { readonly shown: number; readonly total: number }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  return (
    <div className={classes.filters}>
      <SearchField
        label={t('tasks.search')}
        width={200}
        value={query.search ?? ''}
        onChange={(search) => choose({ search })}
      />
      <NativeSelect
        size="xs"
        aria-label={t('tasks.group')}
        value={GROUPS.find((group) => group === query.group) ?? ''}
        data={[
          { value: '', label: t('tasks.allGroups') },
          ...GROUPS.map((group) => ({ value: group, label: t(`tasks.groups.${group}`) })),
        ]}
        onChange={(event) => choose({ group: event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        aria-label={t('tasks.expert')}
        value={EXPERT.find((one) => one === query.expert) ?? ''}
        data={[
          { value: '', label: t('tasks.withAndWithout') },
          ...EXPERT.map((one) => ({ value: one, label: t(`tasks.expertIs.${one}`) })),
        ]}
        onChange={(event) => choose({ expert: event.currentTarget.value })}
      />
      <ListCount text={t('tasks.count', { found: shown, count: total })} />
    </div>
  )
}

interface ChoiceProps {
  readonly tasks: readonly TaskInfo[]
  readonly shown: readonly TaskInfo[]
  readonly chosen: ReadonlySet<string>
  /** The configured tasks. */
  readonly learned: ReadonlySet<string>
  readonly onChange: (chosen: ReadonlySet<string> | null) => void
}

/** The tasks to learn: presets, and a button that writes them into the configuration. */
function Choice({ tasks, shown, chosen, learned, onChange }: ChoiceProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const names = (some: readonly TaskInfo[]) => new Set(some.map(({ name }) => name))
  const isChanged = chosen.size !== learned.size || [...chosen].some((name) => !learned.has(name))
  const write = async (some: ReadonlySet<string>) => {
    try {
      await lab.config.set.mutate({ values: { tasks: tasks.flatMap(({ name }) => (some.has(name) ? [name] : [])) } })
      onChange(null)
      await queries.invalidateQueries()
    } catch (error) {
      tellError(error)
    }
  }
  const save = async () => {
    await write(chosen)
    tell(t('tasks.learns', { count: chosen.size }), () => void write(learned))
  }
  return (
    <Group gap="sm">
      <b>{t('tasks.chosen', { count: chosen.size })}</b>
      <Menu position="bottom-start" shadow="md">
        <Menu.Target>
          <Button size="xs" variant="default">
            {t('tasks.presets')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {presetsOf(tasks).map(({ id, tasks: own }) => (
            <Menu.Item key={id} onClick={() => onChange(names(own))}>
              {id === 'reach' ? t('tasks.inReach') : t(`tasks.groups.${id}`)} ({own.length})
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => onChange(names(shown))}>
            {t('tasks.listed')} ({shown.length})
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button size="xs" disabled={!isChanged || chosen.size === 0} onClick={() => void save()} {...lock}>
        {t('tasks.learn')}
      </Button>
      <Button size="xs" variant="default" disabled={!isChanged} onClick={() => onChange(null)}>
        {t('tasks.asBefore')}
      </Button>
    </Group>
  )
}

interface CardProps {
  readonly task: TaskInfo
  readonly soFar: SoFar[string] | undefined
  readonly chosen: boolean
  readonly onChoose: (on: boolean) => void
}

function TaskCard({ task, soFar, chosen, onChoose }: CardProps) {
  const { t } = useTranslation()
  const { name, title, group, category, expert } = task
  const rate = soFar?.rate
  const picture = soFar?.picture == null ? `/tasks/${encodeURIComponent(name)}.jpg` : `/pictures/${soFar.picture}/0`
  const [missing, setMissing] = useState(false)
  return (
    <li className={`card ${classes.card}`}>
      <div className={classes.picture}>
        {missing ? (
          <span>{t('tasks.noPicture')}</span>
        ) : (
          <img src={picture} alt="" loading="lazy" decoding="async" onError={() => setMissing(true)} />
        )}
      </div>
      <div className={classes.choice}>
        <Checkbox
          size="xs"
          checked={chosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
          aria-label={t('tasks.choose', { task: name })}
        />
        <a href={hrefOf('tasks', { task: name })} title={name}>
          {title}
        </a>
      </div>
      <small>
        {t(`category.${category}` as 'category.click', { defaultValue: category })} · {t(`tasks.groups.${group}`)}
      </small>
      <small>{t(`tasks.expertIs.${expert ? 'yes' : 'no'}`)}</small>
      {isOutOfReach(task) && <small className="rejected">{t('tasks.outOfReach')}</small>}
      {rate != null && (
        <small>
          {t('tasks.soFar', {
            success: percent(rate.success, 0),
            low: percent(rate.low, 0),
            high: percent(rate.high, 0),
            n: rate.n,
          })}
        </small>
      )}
    </li>
  )
}
