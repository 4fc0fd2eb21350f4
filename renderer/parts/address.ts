/** What views keep in the address: typed texts, and choices that must exist. */
import { useEffect, useEffectEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { choose, usePlace } from '../location.ts'
import { tell } from '../shell/notices.tsx'

/**
 * Keeps a value in the address, without a new entry in the history. `onOther` gets the address's value when the view
 * opens with another one, or when "back" or a link changes it.
 */
export function useAddress(name: string, value: string | undefined, onOther: (said: string) => void): void {
  const said = usePlace().query[name] ?? ''
  const agreed = useRef('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the address is watched
  useEffect(() => {
    if (said === agreed.current) return
    agreed.current = said
    onOther(said)
  }, [said])
  useEffect(() => {
    if (value === undefined || value === agreed.current) return
    agreed.current = value
    choose({ [name]: value })
  }, [name, value])
}

/**
 * Takes a choice out of the address that does not exist, and says so. Otherwise a list would be empty, or a view show something
 * else, without a visible reason. `values` are those that exist; undefined while they are not known.
 */
export function useKnownChoice(name: string, values: readonly string[] | undefined): void {
  const { t } = useTranslation()
  const said = usePlace().query[name]
  const unknown = said !== undefined && values !== undefined && !values.includes(said) ? said : null
  const correct = useEffectEvent((value: string) => {
    choose({ [name]: undefined })
    tell(t('app.unknownChoice', { name, value }))
  })
  useEffect(() => {
    if (unknown !== null) correct(unknown)
  }, [unknown])
}
