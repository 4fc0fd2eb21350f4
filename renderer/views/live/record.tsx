/** A golden sample by hand: you do the task in the page, and what you did becomes an example to learn from. */
import { Button, Group, NativeSelect, type NativeSelectProps, Text, TextInput } from '@mantine/core'
import { CircleDot, CircleOff, Undo2 } from 'lucide-react'
import { type KeyboardEvent, type PointerEvent, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen, LiveState, Recording } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { Empty } from '../../parts/empty.tsx'
import { useKeys } from '../../parts/keys.ts'
import { Panel } from '../../parts/page.tsx'
import { tellError } from '../../shell/notices.tsx'
import { useFrames } from './frames.ts'
import classes from './live.module.css'
import { beginOwn, discardOwn, keepOwn, setThought, useOwnRecording, useThoughts } from './own-recording.ts'
import { Picture, sizeOf } from './picture.tsx'
import { type Problem, ProblemFields } from './problem.tsx'
import { ScreenTitle } from './screen-card.tsx'

export function RecordMode({ state }: { readonly state: LiveState }) {
  const { t } = useTranslation()
  const [problem, setProblem] = useState<Problem>({ task: 'click-button', seed: 50 })
  const { screen, lost } = useOwnRecording(state)
  useFrames(screen === undefined ? [] : [screen.id])
  const [beginning, setBeginning] = useState(false)
  const begin = (wanted: Problem) =>
    beginOwn(screen, async () => {
      setBeginning(true)
      return lab.live.record.mutate(wanted)
    }).finally(() => setBeginning(false))
  return (
    <>
      <Panel title={t('live.recordTitle')} note={t('live.recordNote')}>
        <div className={classes.form}>
          <ProblemFields problem={problem} onChange={setProblem} />
          <Button
            leftSection={<CircleDot size={16} aria-hidden />}
            loading={beginning}
            onClick={() => void begin(problem)}
          >
            {t(screen === undefined ? 'live.record' : 'live.recordAgain')}
          </Button>
        </div>
      </Panel>
      {screen?.recording != null ? (
        <Recorder key={screen.id} screen={screen} recording={screen.recording} />
      ) : lost === undefined ? (
        <Empty icon={CircleDot} title={t('live.recordEmpty')} text={t('live.recordEmptyText')} />
      ) : (
        <Empty icon={CircleOff} title={t('live.lost')} text={t(`live.lostWhy.${lost.why}`, { count: lost.minutes })}>
          <Button variant="default" loading={beginning} onClick={() => void begin(lost)}>
            {t('live.lostAgain', { task: lost.task, seed: lost.seed })}
          </Button>
        </Empty>
      )}
    </>
  )
}

function Recorder({ screen, recording }: { readonly screen: LiveScreen; readonly recording: Recording }) {
  const { t } = useTranslation()
  const say = useSay()
  const thoughts = useThoughts()
  const act = (action: Parameters<typeof lab.live.act.mutate>[0]['action']) =>
    void lab.live.act.mutate({ screen: screen.id, action }).catch(tellError)
  const undo = () => void lab.live.undo.mutate({ screen: screen.id }).catch(tellError)
  useKeys([['mod+Z', undo]])
  return (
    <div className={classes.record}>
      <div>
        <Text size="sm" c="dimmed" mb="xs">
          {t('live.hands')}
        </Text>
        <Hands screen={screen} />
      </div>
      <div>
        <Panel
          title={screen.instruction === '' ? screen.title : screen.instruction}
          note={<ScreenTitle screen={screen} />}
          actions={
            <Group gap="sm">
              <Button
                variant="default"
                leftSection={<Undo2 size={16} aria-hidden />}
                title={t('live.undoNote')}
                disabled={recording.steps.length === 0}
                onClick={undo}
              >
                {t('live.undo')}
              </Button>
              <Button disabled={!recording.ready} onClick={() => void keepOwn(screen)}>
                {t('live.save')}
              </Button>
              <Button variant="default" onClick={() => void discardOwn(screen)}>
                {t('live.discard')}
              </Button>
            </Group>
          }
        >
          <p className={classes.said} aria-live="polite">
            {recording.said !== null && say(recording.said)}
          </p>
          {recording.ask !== null && <Ask ask={recording.ask} act={act} />}
          <ol className={classes.steps}>
            {recording.steps.map(({ id, thought, action }, at) => (
              <li key={id}>
                <TextInput
                  label={
                    <span className="mono">
                      {at + 1} · {action}
                    </span>
                  }
                  description={t('live.thoughtNote')}
                  value={thoughts[id] ?? thought}
                  onChange={(event) => setThought(id, event.currentTarget.value)}
                />
              </li>
            ))}
          </ol>
          <details>
            <summary>{t('live.elements', { count: recording.elements.length })}</summary>
            <ul className={classes.elements}>
              {recording.elements.map((element) => (
                <Element key={element.ref} element={element} act={act} />
              ))}
            </ul>
          </details>
        </Panel>
      </div>
    </div>
  )
}

type Act = (action: Parameters<typeof lab.live.act.mutate>[0]['action']) => void

/** The select that was pressed: the browser's own menu is in no picture, so its options are chosen here. */
function Ask({ ask, act }: { readonly ask: NonNullable<Recording['ask']>; readonly act: Act }) {
  const { t } = useTranslation()
  return <Options autoFocus of={ask} label={t('live.chooseIn', { name: ask.name })} act={act} />
}

/** The options of a select. What is looked at is chosen only when that is said: arrow keys pass others on their way. */
function Options({
  of: { ref, name, options },
  act,
  ...select
}: NativeSelectProps & { readonly of: NonNullable<Recording['ask']>; readonly act: Act }) {
  const { t } = useTranslation()
  const [option, setOption] = useState('')
  const what = t('live.chooseIn', { name })
  const decide = () => option !== '' && act({ kind: 'select', ref, option })
  return (
    <div className={classes.options}>
      <NativeSelect
        aria-label={what}
        {...select}
        data={[{ value: '', label: '…' }, ...options.map((one) => ({ value: one, label: one }))]}
        value={option}
        onChange={(event) => setOption(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          decide()
        }}
      />
      <Button variant="default" aria-label={what} disabled={option === ''} size={select.size ?? 'sm'} onClick={decide}>
        {t('live.choose')}
      </Button>
    </div>
  )
}

/** An element of the page as a line, with what can be done to it: the way without a mouse. */
function Element({ element, act }: { readonly element: Recording['elements'][number]; readonly act: Act }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const { ref, role, name, options } = element
  const described = `${name} ${role} ${ref}`.trim()
  return (
    <li className={classes.element}>
      <span className="mono wrap">{described}</span>
      <Group gap="xs" wrap="nowrap">
        {options !== undefined && <Options size="xs" of={{ ref, name, options }} act={act} />}
        {element.value !== undefined && options === undefined && (
          <TextInput
            size="xs"
            aria-label={t('live.fillIn', { name: name === '' ? described : name })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') act({ kind: 'fill', ref, text })
            }}
          />
        )}
        <Button
          size="compact-xs"
          variant="default"
          aria-label={t('live.clickOn', { element: described })}
          onClick={() => act({ kind: 'click', ref })}
        >
          {t('live.click')}
        </Button>
      </Group>
    </li>
  )
}

/** The page under your own hands: mouse and keys go to it. */
function Hands({ screen }: { readonly screen: LiveScreen }) {
  const { t } = useTranslation()
  const area = useRef<HTMLDivElement>(null)
  const send = (input: Parameters<typeof lab.live.input.mutate>[0]['input']) =>
    void lab.live.input.mutate({ screen: screen.id, input }).catch(tellError)
  const place = (event: { readonly clientX: number; readonly clientY: number }) => {
    const { left, top, width, height } = area.current!.getBoundingClientRect()
    const size = sizeOf('task')
    return {
      x: Math.round(((event.clientX - left) / width) * size.width),
      y: Math.round(((event.clientY - top) / height) * size.height),
    }
  }
  const pointer = (type: 'move' | 'down' | 'up') => (event: PointerEvent) => {
    if (type === 'move' && event.buttons === 0) return
    if (type === 'down') area.current?.focus()
    send({ type, ...place(event) })
  }
  const key = (type: 'keydown' | 'keyup') => (event: KeyboardEvent) => {
    // Tab leads on, or nobody could leave by keyboard.
    if (event.key === 'Tab' || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    send({ type, key: event.key })
  }
  const wheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault()
    send({ type: 'wheel', ...place(event), dx: Math.round(event.deltaX), dy: Math.round(event.deltaY) })
  })
  // React's own listener is passive: it could not keep the window from scrolling too.
  useEffect(() => {
    const element = area.current!
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [])
  return (
    <div
      className={classes.canvas}
      role="application"
      aria-label={t('live.canvas')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys for the page
      tabIndex={0}
      onPointerDown={pointer('down')}
      onPointerUp={pointer('up')}
      onPointerMove={pointer('move')}
      onKeyDown={key('keydown')}
      onKeyUp={key('keyup')}
    >
      <Picture screen={screen} extent="task" ref={area} />
    </div>
  )
}
