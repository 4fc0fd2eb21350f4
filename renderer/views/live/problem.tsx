/** The choice of a problem: a task and a seed. */
import { ActionIcon, NumberInput, Select, Tooltip } from '@mantine/core'
import { Dices } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useTasks } from '../../lab.ts'

export interface Problem {
  readonly task: string
  readonly seed: number
}

/** The problem that the address names; one to begin with where it names none. */
export function problemOf({ task = 'click-button', seed }: Readonly<Record<string, string>>): Problem {
  const named = Number(seed)
  return { task, seed: Number.isSafeInteger(named) && named >= 0 && named <= LAST_SEED ? named : 50 }
}

const LAST_SEED = 1_000_000_000

/** Random seeds stay below those of collection and evaluation. */
const SEEDS = 100_000

interface Props {
  readonly problem: Problem
  readonly onChange: (problem: Problem) => void
}

export function ProblemFields({ problem, onChange }: Props) {
  const { t } = useTranslation()
  const tasks = useTasks()
  return (
    <>
      <Select
        label={t('live.task')}
        searchable
        w={240}
        data={tasks.map(({ name }) => name)}
        value={problem.task}
        onChange={(task) => task !== null && onChange({ ...problem, task })}
        nothingFoundMessage={t('live.noTask')}
        allowDeselect={false}
      />
      <NumberInput
        label={t('live.seed')}
        w={130}
        min={0}
        max={LAST_SEED}
        allowDecimal={false}
        value={problem.seed}
        onChange={(seed) => typeof seed === 'number' && onChange({ ...problem, seed })}
      />
      <Tooltip label={t('live.dice')}>
        <ActionIcon
          size={36}
          variant="default"
          aria-label={t('live.dice')}
          onClick={() => onChange({ ...problem, seed: Math.floor(Math.random() * SEEDS) })}
        >
          <Dices size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </>
  )
}
