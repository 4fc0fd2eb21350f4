import { isControl } from './arms.ts'

/** The report's style sheet, light and dark, in the window's colours. */
export const STYLE = `
:root { --ink: #1b1f24; --soft: #59636e; --faint: #d9dee3; --ground: #f6f7f9; --card: #ffffff; --other: #7a7f87; --won: #0072b2; --lost: #b34f00;
  --sft: #56606b; --dpo: #5b4bc4; --dpo_other: #8f84d8; --dpo_b: #8a3ea8; --dpo_c: #00707f; --dpo_d: #6b6100; --success_sft: #b0285f; --nll_chosen: #00775a; --replay: #7d5a00; --rloo: #4b6a1f; --grpo: #00677f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #9aa4af; --faint: #333a42; --ground: #111418; --card: #1a1e23;
  --other: #8d949c; --won: #56b4e9; --lost: #f0883e; --sft: #aeb6bf; --dpo: #a99cf5; --dpo_other: #c9c1fa; --dpo_b: #d39be8; --dpo_c: #4fc7d6; --dpo_d: #d0c04a; --success_sft: #f08bb0; --nll_chosen: #3cc7a0; --replay: #e0b13c; --rloo: #a9c96b; --grpo: #6cb8d9; } }
.c-sft { --tone: var(--sft); } .c-dpo { --tone: var(--dpo); } .c-dpo_other { --tone: var(--dpo_other); }
.c-dpo_b { --tone: var(--dpo_b); } .c-dpo_c { --tone: var(--dpo_c); } .c-dpo_d { --tone: var(--dpo_d); } .c-success_sft { --tone: var(--success_sft); }
.c-nll_chosen { --tone: var(--nll_chosen); } .c-replay { --tone: var(--replay); } .c-rloo { --tone: var(--rloo); } .c-grpo { --tone: var(--grpo); }
.c-won { --tone: var(--won); } .c-lost { --tone: var(--lost); } .c-other { --tone: var(--other); } .c-text { --tone: var(--ink); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
header, main, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 44px; }
h1 { margin: 2px 0 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 19px; letter-spacing: -0.005em; }
h3 { margin: 0 0 10px; font-size: 15px; }
p { margin: 0; }
.kicker { color: var(--won); font-weight: 600; letter-spacing: 0.02em; }
.date, .lead, footer { color: var(--soft); }
.lead { max-width: 96ch; margin: 4px 0 18px; }
section { margin-top: 44px; }
footer { margin-top: 52px; padding-top: 18px; padding-bottom: 52px; font-size: 13px; }
.none { color: var(--soft); }
.key { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 3px; background: var(--tone); font-style: normal; }

.verdict { margin-top: 26px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 14px; margin-bottom: 20px; }
.tile, .card, figure, .tasks, .counts { background: var(--card); border: 1px solid var(--faint); border-radius: 10px; }
.tile { padding: 16px 20px 14px; border-top: 4px solid var(--tone); }
.tile .label { font-weight: 600; color: var(--tone); }
.tile .value { font-size: 40px; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; }
.tile .detail { color: var(--soft); font-size: 13.5px; }
.sentence { max-width: 100ch; margin-top: 4px; }
.sentence.first { font-size: 18px; font-weight: 600; }

.track { position: relative; display: block; height: 12px; border-radius: 3px; background: color-mix(in srgb, var(--faint) 55%, transparent); }
.fill { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--tone); opacity: 0.82; }
.whisker { position: absolute; top: 50%; height: 8px; margin-top: -4px; border: solid var(--ink); border-width: 0 1.5px; }
.whisker::after { content: ""; position: absolute; left: 0; right: 0; top: 50%; height: 1.5px; margin-top: -0.75px; background: var(--ink); }
.bars { display: grid; gap: 11px; }
.bar { display: grid; grid-template-columns: 190px 1fr 120px; gap: 14px; align-items: center; }
.bar .track { height: 20px; }
.bar .whisker { height: 11px; margin-top: -5.5px; }
.bar .name { font-weight: 600; color: var(--tone); }
.bar .figure { color: var(--soft); font-size: 13.5px; }
.bar .figure b { color: var(--ink); font-size: 15px; margin-right: 4px; }

.scroll { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 0; }
.tasks { width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; white-space: nowrap; }
.tasks th, .tasks td { padding: 4px 12px; border-bottom: 1px solid color-mix(in srgb, var(--faint) 60%, transparent); }
.tasks thead th { padding-top: 11px; padding-bottom: 9px; font-size: 13px; color: var(--soft); }
.tasks tbody th { font-weight: 500; unicode-bidi: isolate; }
.tasks .cell { display: grid; grid-template-columns: 29px minmax(46px, 1fr); gap: 0 8px; align-items: center; min-width: 84px; max-width: 150px; }
.tasks .cell b { grid-row: span 2; text-align: right; font-weight: 600; }
.tasks .cell .track { height: 8px; margin-top: 3px; }
.tasks .cell .whisker { height: 6px; margin-top: -3px; }
.tasks .cell small { color: var(--soft); font-size: 11px; line-height: 14px; font-weight: 400; }
.tasks .change { text-align: right; font-weight: 600; }
.tasks .change small { display: block; color: var(--soft); font-size: 11px; font-weight: 400; white-space: nowrap; }
.tasks .category th { color: var(--soft); text-transform: capitalize; }
.tasks .overall th, .tasks .overall b { font-weight: 750; } .tasks .overall > * { border-bottom: 0; }
.tasks .groups tr:first-child > * { border-top: 2px solid var(--faint); }
.up { color: var(--won); } .up::before { content: "▲ "; font-size: 9px; }
.down { color: var(--lost); } .down::before { content: "▼ "; font-size: 9px; }
.same { color: var(--soft); font-weight: 500; }

.paired { margin-bottom: 16px; }
.paired p { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px; margin-bottom: 5px; font-size: 14px; }
.paired p span { color: var(--soft); }
.split { display: flex; gap: 2px; height: 26px; border-radius: 6px; overflow: hidden; font-size: 12.5px; font-weight: 600; }
.split i { display: grid; place-items: center; flex-basis: 0; min-width: 26px; font-style: normal; color: #fff; }
.won { background: #0072b2; } .lost { background: #b34f00; } .both { background: #5d6670; } .neither { background: #8b939c; }
.split .neither { background: repeating-linear-gradient(135deg, #7b838c 0 6px, #737b84 6px 12px); }
.word { padding: 1px 7px; border-radius: 5px; color: #fff; font-size: 13px; font-weight: 600; white-space: nowrap; }
.word.neither { background: #737b84; }

.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; padding: 14px 16px 8px; display: flex; flex-direction: column; justify-content: space-between; }
figcaption { margin-bottom: 8px; color: var(--soft); font-size: 13.5px; }
figcaption b { display: block; color: var(--ink); font-size: 15px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 12.5px; color: var(--soft); }
.legend .key { width: 16px; height: 0; border-radius: 0; background: none; border-top: 2.5px solid var(--tone); vertical-align: 3.5px; }
.legend .key.dashed { border-top-style: dashed; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.grid { stroke: var(--faint); stroke-width: 1; fill: none; opacity: 0.7; }
.grid.zero { opacity: 1; stroke: var(--soft); stroke-width: 0.8; }
.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
.tick { fill: var(--soft); font-size: 11px; }
.line { fill: none; stroke: var(--tone); stroke-width: 1.9; stroke-linejoin: round; stroke-linecap: round; }
.line.dashed { stroke-dasharray: 5 4; }
.line.raw { opacity: 0.28; stroke-width: 1.1; }
.dot { fill: var(--tone); }
.band { fill: var(--tone); opacity: 0.16; }
.row { fill: var(--ink); font-size: 12.5px; }
.seed { fill: var(--tone); opacity: 0.75; stroke: var(--card); stroke-width: 1; }
.range { stroke: var(--tone); stroke-width: 7; opacity: 0.35; }
.mean { stroke: var(--tone); stroke-width: 3; }
figure.after { margin-top: 16px; }

.counts { padding: 8px 6px; font-size: 14px; }
.counts th, .counts td { padding: 3px 14px; font-weight: 400; text-align: right; }
.counts td { white-space: nowrap; }
.counts th:first-child { text-align: left; }
.counts thead th { color: var(--soft); font-size: 13px; }
.counts .overall > * { font-weight: 700; border-top: 1px solid var(--faint); padding-top: 6px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 16px; }
.card { padding: 16px 18px; }
.card ul { margin: 0; padding: 0; list-style: none; }
.card li { display: grid; grid-template-columns: 1fr 84px 82px; gap: 12px; align-items: center; padding: 2.5px 0; font-size: 13.5px; }
.card li b { text-align: right; white-space: nowrap; }
.reason { overflow-wrap: anywhere; unicode-bidi: isolate; }
.amount i { display: block; height: 8px; border-radius: 2px; background: var(--tone, var(--won)); opacity: 0.8; }
.fault .amount i { background: var(--soft); }
.fault .reason { color: var(--soft); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 16px; margin: 0; font-size: 13.5px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.replays { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 16px; }
.replay { padding: 16px 18px; background: var(--card); border: 1px solid var(--faint); border-radius: 10px; }
.replay ol { margin: 0; padding-left: 18px; }
.replay li { margin-top: 10px; font-size: 13.5px; overflow-wrap: anywhere; }
.replay li p { margin: 3px 0 0; }
.replay pre { margin: 0; padding: 8px 10px; font-size: 11px; white-space: pre-wrap; }
.replay img { display: block; width: 160px; border: 1px solid var(--faint); }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--soft); }
pre { padding: 14px 18px; overflow-x: auto; background: var(--card); border: 1px solid var(--faint); border-radius: 10px; font-size: 12.5px; line-height: 1.45; }
@media (max-width: 640px) { .bar { grid-template-columns: 1fr 120px; } .bar .track { grid-column: 1 / -1; grid-row: 2; } }
@media print {
  body { background: #fff; font-size: 12px; }
  header, main, footer { max-width: none; padding: 0; }
  section { margin-top: 26px; }
  h2, h3, .lead { break-after: avoid; }
  .tile, .card, figure, .bar, .paired, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll, pre { overflow: visible; }
  .tiles { grid-template-columns: repeat(4, 1fr); gap: 8px; }
  .tile { padding: 8px 12px; } .tile .value { font-size: 26px; }
  .figures, .cards { grid-template-columns: 1fr 1fr; gap: 10px; }
  .replays { grid-template-columns: 1fr 1fr; gap: 10px; }
  .replay { padding: 10px 12px; } .replay li { break-inside: avoid; }
  .card, figure { padding: 10px 12px; }
  .card li { grid-template-columns: 1fr 40px 60px; gap: 8px; font-size: 11.5px; }
  .tasks { font-size: 11px; table-layout: fixed; }
  .tasks th, .tasks td { padding: 2px 5px; white-space: normal; overflow-wrap: anywhere; }
  .tasks thead th { font-size: 10.5px; }
  .tasks .cell { display: block; min-width: 0; } .tasks .cell small { font-size: 10px; margin-left: 4px; } .tasks .cell .track { display: none; }
  details::details-content { content-visibility: visible; }
  details pre { columns: 3; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 8.5px; line-height: 1.35; }
  footer { margin-top: 12px; }
}
`

/** The CSS class for a policy's colour. */
export function tone(arm: string): string {
  if (arm === 'sft' || arm === 'dpo' || isControl(arm)) return `c-${arm}`
  if (arm === 'dpo_b' || arm === 'dpo_c' || arm === 'dpo_d') return `c-${arm}`
  return arm.startsWith('dpo_') ? 'c-dpo_other' : 'c-other'
}
