/** The elements of a recorded page, to use them without a mouse. */
import { Button, Group, NativeSelect, type NativeSelectProps, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Recording } from '../../../main/live/state.ts'
import type { lab } from '../../api.ts'
import classes from './live.module.css'

/** Sends an action to the page. */
export type Act = (action: Parameters<typeof lab.live.act.mutate>[0]['action']) => void

type RecordedSelect = NonNullable<Recording['ask']>

/**
 * The options of the select that was pressed. The picture cannot show the browser's own menu, so they are chosen here.
 */
export function PressedSelect({ select, act }: { readonly select: RecordedSelect; readonly act: Act }) {
  const { t } = useTranslation()
  return <Options autoFocus of={select} label={t('live.chooseIn', { name: select.name })} act={act} />
}

/** The options of a select. An option is chosen only on confirmation, because arrow keys pass others on their way. */
function Options({
  of: { ref, name, options },
  act,
  ...select
}: NativeSelectProps & { readonly of: RecordedSelect; readonly act: Act }) {
  const { t } = useTranslation()
  const [option, setOption] = useState('')
  const what = t('live.chooseIn', { name })
  const decide = () => option !== '' && act({ kind: 'select', ref, option })
  return (
    <div className={classes.options}>
      <NativeSelect
        aria-label={what}
        {...select}
        data={[{ value: '', label: t('live.choose') }, ...options.map((one) => ({ value: one, label: one }))]}
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

/** One element of the page and its actions, for use without a mouse. */
export function ElementLine({ element, act }: { readonly element: Recording['elements'][number]; readonly act: Act }) {
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
