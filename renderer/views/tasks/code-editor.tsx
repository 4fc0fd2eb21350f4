/** An editor for HTML: CodeMirror in the colours of the window. It is loaded when a page is first edited. */
import { html } from '@codemirror/lang-html'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { useEffect, useEffectEvent, useRef } from 'react'

interface Props {
  readonly label: string
  readonly text: string
  readonly onChange: (text: string) => void
}

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--card)', color: 'var(--ink)', fontSize: '12.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    lineHeight: '1.55',
    fontFeatureSettings: '"calt" 0',
  },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--soft)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--ground) 60%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--chosen-soft)',
  },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--card)', color: 'var(--ink)', borderColor: 'var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--ink)', color: 'var(--card)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: 'var(--soft)' },
  { tag: [tags.keyword, tags.tagName, tags.definitionKeyword], color: 'var(--arm-dpo)' },
  { tag: [tags.string, tags.attributeValue, tags.special(tags.string)], color: 'var(--arm-nll_chosen)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--arm-success_sft)' },
  { tag: [tags.attributeName, tags.function(tags.variableName)], color: 'var(--arm-dpo_c)' },
])

export default function CodeEditor({ label, text, onChange }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useEffectEvent(onChange)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor keeps its text; the next effect gives it another one
  useEffect(() => {
    const editor = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          basicSetup,
          html(),
          look,
          syntaxHighlighting(colours),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => editor.destroy()
  }, [])
  useEffect(() => {
    const doc = view.current?.state.doc
    if (doc !== undefined && doc.toString() !== text) {
      view.current?.dispatch({ changes: { from: 0, to: doc.length, insert: text } })
    }
  }, [text])
  return <div ref={place} style={{ height: '100%' }} />
}
