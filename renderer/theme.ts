/**
 * The look of the lab: one type scale, one spacing scale, and an ink colour for everything without a meaning of its
 * own.
 */
import { Alert, createTheme, type MantineColorsTuple, virtualColor } from '@mantine/core'

/** From background to text, so that a button is dark on light by day and light on dark by night. */
const ink: MantineColorsTuple = [
  '#f6f7f9',
  '#e8ebee',
  '#d9dee3',
  '#b9c1c9',
  '#8d959d',
  '#6a737d',
  '#56606b',
  '#39424b',
  '#1f252b',
  '#14181c',
]

/** Mantine's dark greys with a slightly darker background, so that cards stand out without strong borders. */
const dark: MantineColorsTuple = [
  '#e3e7ea',
  '#c3cad1',
  '#a1aab3',
  '#7d8792',
  '#4a535d',
  '#353d46',
  '#262d34',
  '#191e23',
  '#121619',
  '#0c0f12',
]

/** Screen readers skip the arrows of selects. */
const DECORATION = { 'aria-hidden': true } as const

/** An alert that only says what is so. */
const NOTE = {
  root: { background: 'var(--neutral-soft)' },
  title: { color: 'var(--ink)' },
  icon: { color: 'var(--soft)' },
}
/** All others: something went wrong, or is about to. */
const WARNING = {
  root: { background: 'var(--rejected-soft)' },
  title: { color: 'var(--rejected)' },
  icon: { color: 'var(--rejected)' },
}

export const theme = createTheme({
  // Only virtual colours choose their text colour by the colour scheme.
  colors: { ink, dark, primary: virtualColor({ name: 'primary', light: 'ink', dark: 'ink' }) },
  primaryColor: 'primary',
  primaryShade: { light: 8, dark: 1 },
  autoContrast: true,
  luminanceThreshold: 0.4,
  fontFamily:
    '"Inter Variable", system-ui, "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, "Noto Sans Mono CJK SC", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '1.3' },
      h2: { fontSize: '16px', lineHeight: '1.4' },
      h3: { fontSize: '14px', lineHeight: '1.4' },
      h4: { fontSize: '13px', lineHeight: '1.4' },
    },
  },
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Alert: Alert.extend({ styles: (_, { color }) => (color === 'gray' ? NOTE : WARNING) }),
    // Error text must be easy to read, so it is not grey like a note.
    Notification: { styles: { description: { color: 'var(--ink)' } } },
    Modal: { styles: { title: { fontSize: '16px', fontWeight: 650 } } },
    // At night buttons are white, and a white sign on them would be invisible.
    Radio: { defaultProps: { iconColor: 'var(--card)' } },
    Checkbox: { defaultProps: { iconColor: 'var(--card)' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } },
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', rightSectionProps: DECORATION, comboboxProps: { shadow: 'md' } } },
    MultiSelect: { defaultProps: { size: 'sm', rightSectionProps: DECORATION } },
    NativeSelect: { defaultProps: { rightSectionProps: DECORATION } },
  },
})
