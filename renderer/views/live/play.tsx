/** One episode by choice: a task, a seed, and up to four policies side by side. */
import { Button, Chip, Group, Input } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Play as PlayIcon, Square } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import type { LiveState } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { usePlace } from '../../location.ts'
import { adapterName } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { Panel } from '../../parts/page.tsx'
import { tellError } from '../../shell/notices.tsx'
import { Controls } from './controls.tsx'
import { Follow } from './follow.tsx'
import { useFrames } from './frames.ts'
import classes from './live.module.css'
import type { Extent } from './picture.tsx'
import { type Problem, ProblemFields } from './problem.tsx'
import { ScreenCard } from './screen-card.tsx'

/** Adapters that another view sent here, by the paths of their folders. */
const sent = z.array(z.string())

export function PlayMode({ state }: { readonly state: LiveState }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const extra = useMemo(() => adaptersIn(query.adapters), [query.adapters])
  const [problem, setProblem] = useState<Problem>({ task: 'click-button', seed: 7 })
  const [wanted, setWanted] = useState<readonly string[] | null>(extra.length > 0 ? extra : null)
  const [starting, setStarting] = useState(false)
  const [extent, setExtent] = useState<Extent>('task')
  const policies = useQuery({ queryKey: ['live', 'policies'], queryFn: () => lab.live.policies.query() })
  const adapters = useQuery({
    queryKey: ['adapters'],
    queryFn: () => lab.adapters.list.query(),
    enabled: extra.length > 0,
  })
  const nameOf = (policy: string) => {
    const adapter = adapters.data?.find(({ path }) => path === policy)
    return adapter === undefined ? armName(t, policy) : adapterName(t, adapter)
  }
  const there = (policies.data ?? []).filter((policy) => policy.there).map(({ name }) => name)
  const listed = [...there, ...extra]
  const chosen = listed.filter((policy) => (wanted ?? there.slice(-2)).includes(policy))
  const screens = state.screens.filter(({ kind }) => kind === 'play')
  useFrames(screens.map(({ id }) => id))
  const alone = screens.length === 1
  const playing = screens.some(({ status }) => status === 'playing' || status === 'held')
  const play = async () => {
    setStarting(true)
    try {
      await lab.live.play.mutate({ ...problem, policies: chosen })
    } catch (error) {
      tellError(error)
    } finally {
      setStarting(false)
    }
  }
  return (
    <>
      <Panel title={t('live.playTitle')} note={t('live.playNote')}>
        <div className={classes.form}>
          <ProblemFields problem={problem} onChange={setProblem} />
          <Input.Wrapper label={t('live.policies')} labelElement="div">
            <Chip.Group multiple value={chosen} onChange={setWanted}>
              <Group gap="xs" h={36}>
                {(policies.data ?? []).map((policy) => (
                  <Chip
                    key={policy.name}
                    variant="outline"
                    value={policy.name}
                    disabled={!policy.there}
                    title={policy.folder}
                  >
                    {t(`arm.${policy.name}`)}
                  </Chip>
                ))}
                {extra.map((path) => (
                  <Chip key={path} variant="outline" value={path} title={path}>
                    {nameOf(path)}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
          </Input.Wrapper>
          {playing ? (
            <Button
              variant="default"
              leftSection={<Square size={15} aria-hidden />}
              onClick={() => void lab.live.stop.mutate().catch(tellError)}
            >
              {t('live.stop')}
            </Button>
          ) : (
            <Button
              leftSection={<PlayIcon size={16} aria-hidden />}
              loading={starting}
              disabled={chosen.length === 0}
              onClick={() => void play()}
            >
              {t('live.play')}
            </Button>
          )}
        </div>
      </Panel>
      {screens.length === 0 ? (
        <Empty icon={PlayIcon} title={t('live.playEmpty')} text={t('live.playEmptyText')} />
      ) : (
        <>
          <div className={classes.bar}>
            <Controls of="play" control={state.controls.play} extent={extent} onExtent={setExtent} />
          </div>
          <div className={alone ? undefined : classes.wall} data-extent={extent}>
            {screens.map((screen) => (
              <section key={screen.id} aria-label={nameOf(screen.arm)}>
                <h2 className={classes.policy}>{nameOf(screen.arm)}</h2>
                {alone ? <Follow screen={screen} extent={extent} /> : <ScreenCard screen={screen} extent={extent} />}
              </section>
            ))}
          </div>
        </>
      )}
    </>
  )
}

/** Nothing where an address was written by hand and is no list. */
function adaptersIn(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    return sent.safeParse(JSON.parse(text)).data ?? []
  } catch {
    return []
  }
}
