/** The field that narrows a list to what has these letters. */
import { TextInput } from '@mantine/core'
import { Search } from 'lucide-react'
import { LONGEST_SEARCH } from './longest-search.ts'

interface Props {
  /** What is searched, for screen readers and while the field is empty. */
  readonly label: string
  /** CSS pixels. */
  readonly width: number
  readonly value: string
  readonly onChange: (value: string) => void
}

export function SearchField({ label, width, value, onChange }: Props) {
  return (
    <TextInput
      size="xs"
      w={width}
      leftSection={<Search size={14} aria-hidden />}
      placeholder={label}
      aria-label={label}
      maxLength={LONGEST_SEARCH}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
