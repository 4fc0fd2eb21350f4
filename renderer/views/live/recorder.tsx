/** A recording in progress: the page, its status, the steps with their thoughts, and the page's elements. */
import { Button, Group, Text, TextInput } from '@mantine/core'
import { Undo2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { LiveScreen, Recording } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useKeys } from '../../parts/keys.ts'
import { Panel } from '../../parts/page.tsx'
import { tellError } from '../../shell/notices.tsx'
import { type Act, ElementLine, PressedSelect } from './elements.tsx'
import { Hands } from './hands.tsx'
import classes from './live.module.css'
import { discardOwn, keepOwn, setThought, useThoughts } from './own-recording.ts'
import { ScreenTitle } from './screen-card.tsx'

interface Props {
  readonly screen: LiveScreen
  readonly recording: Recording
}

export function Recorder({ screen, recording }: Props) {
  const { t } = useTranslation()
  const say = useSay()
  const act: Act = (action) => void lab.live.act.mutate({ screen: screen.id, action }).catch(tellError)
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
          actions={<RecorderButtons screen={screen} recording={recording} />}
        >
          <p className={classes.said} aria-live="polite">
            {recording.said !== null && say(recording.said)}
          </p>
          {recording.ask !== null && <PressedSelect select={recording.ask} act={act} />}
          <RecordedSteps steps={recording.steps} />
          <details>
            <summary>{t('live.elements', { count: recording.elements.length })}</summary>
            <ul className={classes.elements}>
              {recording.elements.map((element) => (
                <ElementLine key={element.ref} element={element} act={act} />
              ))}
            </ul>
          </details>
        </Panel>
      </div>
    </div>
  )
}

function RecorderButtons({ screen, recording }: Props) {
  const { t } = useTranslation()
  const undo = () => void lab.live.undo.mutate({ screen: screen.id }).catch(tellError)
  useKeys([['mod+Z', undo]])
  return (
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
  )
}

/** The recorded steps. Each has the thought that belongs before it, which the reader can rewrite. */
function RecordedSteps({ steps }: Pick<Recording, 'steps'>) {
  const { t } = useTranslation()
  const thoughts = useThoughts()
  return (
    <ol className={classes.steps}>
      {steps.map(({ id, thought, action }, at) => (
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
  )
}
