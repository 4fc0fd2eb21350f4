/** Mutations of chat templates: pieces that no model should have, put where they can be. */
import type { Dice } from './dice.ts'

/** What a template can hold. Those with large numbers take for ever, or all memory, unless something stops them. */
const PIECES = [
  '{{ messages }}',
  '{{ messages[9].content }}',
  '{{ messages[-1] }}',
  '{{ nothing.at.all }}',
  '{% for m in messages %}{{ m.content }}',
  '{% endfor %}',
  '{% if messages %}',
  '{% endif %}',
  '{{ raise_exception("no") }}',
  '{% set x = "a" * 3 %}{{ x }}',
  '{% for i in range(1000000000) %}{% endfor %}',
  '{% for i in range(30000) %}{% for j in range(30000) %}x{% endfor %}{% endfor %}',
  '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
  '{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 2) }}{% endmacro %}{{ f(0) }}',
  '{% set ns = namespace(x="x") %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}',
  '{{ range(100000000) | list }}',
  '{{ "x" | indent(100000000) }}',
  '{{ messages | tojson(indent=4) }}',
  '{{ messages | map(attribute="content") | join("") }}',
  '{{ constructor }}{{ messages.constructor }}{{ messages.__proto__ }}',
  '{{ "%s" | format(1) }}',
  '{{ 1 / 0 }}{{ 1 % 0 }}',
  '{% include "/etc/hostname" %}',
  '{{ strftime_now("%Y") }}',
  '{#',
  '{%',
  '{{',
  '{{ "',
  '<|im_end|>',
  '\ue0000\ue001',
  '\u0000',
]

/** A template with one to three pieces put in, or parts left out. */
export function mutateTemplate(text: string, dice: Dice): string {
  let mutated = text
  for (let times = 1 + dice.whole(3); times > 0; times--) {
    const at = dice.whole(mutated.length + 1)
    const [head, tail] = [mutated.slice(0, at), mutated.slice(at)]
    mutated = dice.chance(0.7) ? `${head}${dice.pick(PIECES)}${tail}` : `${head}${tail.slice(dice.whole(30))}`
  }
  return mutated
}
