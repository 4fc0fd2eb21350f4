/** Plays one episode: the reader chooses a task, a seed, and up to four policies side by side. */
import { Button, Chip, Group, Input } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Play as PlayIcon, Square } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen, LiveState } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { usePlace } from '../../location.ts'
import { adapterName } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tellError } from '../../shell/notices.tsx'
import { Controls } from './controls.tsx'
import type { Extent } from './fit.ts'
import { Follow } from './follow.tsx'
import classes from './live.module.css'
import { type Problem, ProblemFields } from './problem.tsx'
import { sentAdapters } from './sent-adapters.ts'
import { Wall } from './wall.tsx'

export function PlayMode({ state }: { readonly state: LiveState }) {
  const { t } = useTranslation()
  const [problem, setProblem] = useState<Problem>({ task: 'click-button', seed: 7 })
  const [extent, setExtent] = useState<Extent>('task')
  const { policies, sent, chosen, setChosen, nameOf } = usePolicies()
  const screens = state.screens.filter(({ kind }) => kind === 'play')
  const playing = screens.some(({ status }) => status === 'playing' || status === 'held')
  return (
    <>
      <Panel title={t('live.playTitle')} note={t('live.playNote')}>
        <div className={classes.form}>
          <ProblemFields problem={problem} onChange={setProblem} />
          <PolicyChips policies={policies} sent={sent} chosen={chosen} onChange={setChosen} nameOf={nameOf} />
          <PlayButton problem={problem} policies={chosen} playing={playing} />
        </div>
      </Panel>
      {screens.length === 0 ? (
        <Empty icon={PlayIcon} title={t('live.playEmpty')} text={t('live.playEmptyText')} />
      ) : (
        <>
          <div className={classes.bar}>
            <Controls of="play" control={state.controls.play} extent={extent} onExtent={setExtent} />
          </div>
          <PlayedScreens screens={screens} extent={extent} nameOf={nameOf} />
        </>
      )}
    </>
  )
}

/** The policies that can play, which are the lab's own and the adapters sent by another view, and the chosen ones. */
function usePolicies() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const sent = useMemo(() => sentAdapters(query.adapters), [query.adapters])
  const [wanted, setChosen] = useState<readonly string[] | null>(sent.length > 0 ? sent : null)
  const { data: policies = [] } = useQuery({
    queryKey: ['live', 'policies'],
    queryFn: () => lab.live.policies.query(),
  })
  const adapters = useQuery({
    queryKey: ['adapters'],
    queryFn: () => lab.adapters.list.query(),
    enabled: sent.length > 0,
  })
  const nameOf = (policy: string) => {
    const adapter = adapters.data?.find(({ path }) => path === policy)
    return adapter === undefined ? armName(t, policy) : adapterName(t, adapter)
  }
  const there = policies.filter((policy) => policy.there).map(({ name }) => name)
  const chosen = [...there, ...sent].filter((policy) => (wanted ?? there.slice(-2)).includes(policy))
  return { policies, sent, chosen, setChosen, nameOf }
}

interface PolicyChipsProps {
  readonly policies: Answers['live']['policies']
  /** Further adapters, by the paths of their folders. */
  readonly sent: readonly string[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
  readonly nameOf: (policy: string) => string
}

function PolicyChips({ policies, sent, chosen, onChange, nameOf }: PolicyChipsProps) {
  const { t } = useTranslation()
  return (
    <Input.Wrapper label={t('live.policies')} labelElement="div">
      <Chip.Group multiple value={[...chosen]} onChange={onChange}>
        <Group gap="xs" h={36}>
          {policies.map(({ name, there, folder }) => (
            <Chip key={name} variant="outline" value={name} disabled={!there} title={folder}>
              {armName(t, name)}
            </Chip>
          ))}
          {sent.map((path) => (
            <Chip key={path} variant="outline" value={path} title={path}>
              {nameOf(path)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  )
}

interface PlayButtonProps {
  readonly problem: Problem
  readonly policies: readonly string[]
  /** Whether an episode is being played. */
  readonly playing: boolean
}

/** A button that starts the episode and stops it. */
function PlayButton({ problem, policies, playing }: PlayButtonProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [starting, setStarting] = useState(false)
  const play = async () => {
    setStarting(true)
    try {
      await lab.live.play.mutate({ ...problem, policies: [...policies] })
    } catch (error) {
      tellError(error)
    } finally {
      setStarting(false)
    }
  }
  return playing ? (
    <Button
      variant="default"
      leftSection={<Square size={15} aria-hidden />}
      onClick={() => void lab.live.stop.mutate().catch(tellError)}
      {...lock}
    >
      {t('live.stop')}
    </Button>
  ) : (
    <Button
      leftSection={<PlayIcon size={16} aria-hidden />}
      loading={starting}
      disabled={policies.length === 0}
      onClick={() => void play()}
      {...lock}
    >
      {t('live.play')}
    </Button>
  )
}

interface PlayedScreensProps {
  readonly screens: readonly LiveScreen[]
  readonly extent: Extent
  readonly nameOf: (policy: string) => string
}

/** Height of what stands above and below the pages, in CSS pixels. */
const TAKEN = 380

/** The policies at play: one is shown in detail, several side by side. */
function PlayedScreens({ screens, extent, nameOf }: PlayedScreensProps) {
  const [only, ...others] = screens
  if (only === undefined || others.length > 0) {
    return <Wall screens={screens} extent={extent} taken={TAKEN} headingOf={({ arm }) => nameOf(arm)} />
  }
  return (
    <section aria-label={nameOf(only.arm)}>
      <h2 className={classes.policy}>{nameOf(only.arm)}</h2>
      <Follow screen={only} extent={extent} taken={TAKEN} />
    </section>
  )
}
