/** What is done to all marked runs at once. */
import { Autocomplete, Button, Group, Popover } from '@mantine/core'
import { Tag, Trash2, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { RunBrief } from '../../lab.ts'
import { choose } from '../../location.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { tellError } from '../../shell/notices.tsx'
import { choicesOf } from './filter.ts'
import { useRemoval } from './removal.ts'
import classes from './runs.module.css'

interface Props {
  /** Every run. */
  readonly runs: readonly RunBrief[]
  /** Those that pass the filters. */
  readonly shown: readonly RunBrief[]
  readonly marked: readonly number[]
}

export function RunBulk({ runs, shown, marked }: Props) {
  const { t } = useTranslation()
  const all = shown.length > 0 && shown.every(({ id }) => marked.includes(id))
  return (
    <div className={classes.bulk}>
      <Button
        size="compact-sm"
        variant="default"
        disabled={all || shown.length === 0}
        onClick={() => choose({ marked: shown.map(({ id }) => id).join('.') })}
      >
        {t('runs.markAll', { count: shown.length })}
      </Button>
      {marked.length > 0 && <Actions runs={runs} marked={marked} />}
      {marked.length === 0 && <span className="soft">{t('runs.historyNote')}</span>}
    </div>
  )
}

function Actions({ runs, marked }: Pick<Props, 'runs' | 'marked'>) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const remove = useRemoval()
  const actions = useRef<HTMLDivElement>(null)
  useFocusHandedOn(actions)
  return (
    <Group ref={actions} gap="sm">
      <b aria-live="polite">{t('runs.markedCount', { count: marked.length })}</b>
      <TagRuns runs={runs} marked={marked} />
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Trash2 size={14} aria-hidden />}
        onClick={() => void remove(marked)}
        {...lock}
      >
        {t('runs.delete')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<X size={14} aria-hidden />}
        onClick={() => choose({ marked: undefined })}
      >
        {t('runs.unmark')}
      </Button>
    </Group>
  )
}

/** Gives all marked runs a tag, or takes it from them. */
function TagRuns({ runs, marked }: Pick<Props, 'runs' | 'marked'>) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [opened, setOpened] = useState(false)
  const [tag, setTag] = useState('')
  const send = (on: boolean) => {
    setOpened(false)
    setTag('')
    void tagRuns(marked, tag.trim(), on)
  }
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Tag size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
          {...lock}
        >
          {t('runs.tag')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (tag.trim() !== '') send(true)
          }}
        >
          <Autocomplete
            size="xs"
            mb="sm"
            label={t('runs.tagName')}
            maxLength={40}
            comboboxProps={{ withinPortal: false }}
            data={choicesOf('tag', runs)}
            value={tag}
            onChange={setTag}
          />
          <Group gap="sm">
            <Button size="xs" type="submit" disabled={tag.trim() === ''}>
              {t('runs.addTag')}
            </Button>
            <Button size="xs" variant="default" disabled={tag.trim() === ''} onClick={() => send(false)}>
              {t('runs.removeTag')}
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Gives runs a tag, or takes it from them, and shows that. */
export async function tagRuns(runs: readonly number[], tag: string, on: boolean): Promise<void> {
  try {
    await lab.runs.tag.mutate({ runs: [...runs], tag, on })
    await queries.invalidateQueries({ queryKey: ['runs'] })
  } catch (error) {
    tellError(error)
  }
}
