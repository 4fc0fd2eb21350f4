/** The live view: watch the job's pages, play one episode, record a golden sample by hand, or see which machines play along. */
import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveState } from '../../../main/live/state.ts'
import { lab, useStream } from '../../api.ts'
import { usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { Machines } from './machines.tsx'
import { PlayMode } from './play.tsx'
import { RecordMode } from './record.tsx'
import { Watch } from './watch.tsx'

const MODES = ['watch', 'play', 'record', 'machines'] as const
/** What each mode looks at. Only a mode with pause controls may hold playback back. */
const LOOKS_AT = { watch: 'job', play: 'play', record: null, machines: null } as const

export default function Live() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const [state, setState] = useState<LiveState | null>(null)
  useKnownChoice('mode', MODES)
  const mode = MODES.find((one) => one === query.mode) ?? 'watch'
  useStream(() => lab.live.state.subscribe({ of: LOOKS_AT[mode] }, { onData: setState }), [mode])
  const Mode = { watch: Watch, play: PlayMode, record: RecordMode, machines: Machines }[mode]
  return (
    <Page
      title={t('views.live')}
      actions={
        <SegmentedControl
          aria-label={t('live.mode')}
          value={mode}
          onChange={(value) => visit({ mode: value, screen: undefined, adapters: undefined })}
          data={MODES.map((value) => ({ value, label: t(`live.modes.${value}`) }))}
        />
      }
    >
      {state === null ? <Loading /> : <Mode state={state} />}
    </Page>
  )
}
