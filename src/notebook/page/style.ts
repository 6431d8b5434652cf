/** The look of the page. Its colours and type sizes match those of the figures (widgets/theme.ts). */

const light = `
  color-scheme: light;
  --paper: #ffffff; --wash: #f6f7f8; --ink: #1c2126; --soft: #56606b; --line: #dfe3e7; --accent: #0067a3;
  --error: #b3261e; --error-wash: #fdf3f2; --selection: #cfe6f7;
  --keyword: #8a3ffc; --string: #0a7050; --number: #b04600; --comment: #5f6974; --name: #0067a3; --type: #99366f;
  --ansi-0: #1c2126; --ansi-1: #b3261e; --ansi-2: #0a7050; --ansi-3: #8a6100; --ansi-4: #0067a3; --ansi-5: #99366f;
  --ansi-6: #00707a; --ansi-7: #56606b; --ansi-8: #6b7580; --ansi-9: #d13c33; --ansi-10: #12855f; --ansi-11: #a17400;
  --ansi-12: #1a80bf; --ansi-13: #b3528c; --ansi-14: #128a94; --ansi-15: #8b95a0;`;

const dark = `
  color-scheme: dark;
  --paper: #171b20; --wash: #1e2329; --ink: #e3e7eb; --soft: #a7b0ba; --line: #313942; --accent: #6db8ea;
  --error: #ff8a80; --error-wash: #2c1d1e; --selection: #27485f;
  --keyword: #be95ff; --string: #5fcf9f; --number: #f2a46f; --comment: #8b95a0; --name: #6db8ea; --type: #e39bc8;
  --ansi-0: #6b7580; --ansi-1: #ff8a80; --ansi-2: #5fcf9f; --ansi-3: #e6c15c; --ansi-4: #6db8ea; --ansi-5: #e39bc8;
  --ansi-6: #5fd0d9; --ansi-7: #c9d0d7; --ansi-8: #8b95a0; --ansi-9: #ffaca5; --ansi-10: #8be3bd; --ansi-11: #f2d98e;
  --ansi-12: #9dd0f2; --ansi-13: #efbfdd; --ansi-14: #93e3ea; --ansi-15: #ffffff;`;

export const pageStyle = `
:root {${light}
  --serif: "Source Serif 4", Charter, "Iowan Old Style", Georgia, serif;
  --sans: "Source Sans 3", "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${dark}
} }
:root[data-theme="dark"] {${dark}
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 400 1.125rem/1.6 var(--serif); text-rendering: optimizeLegibility; overflow-wrap: break-word; }
::selection { background: var(--selection); }
main { max-width: 45rem; margin: 0 auto; padding: clamp(2rem, 7vw, 5rem) 1.25rem 3rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
a:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }

h1, h2, h3, h4 { font-family: var(--sans); font-weight: 600; line-height: 1.2; margin: 2.2em 0 .6em; text-wrap: balance; }
h1 { font-size: clamp(2rem, 1.5rem + 2.4vw, 2.85rem); letter-spacing: -.018em; margin-top: 0; }
h2 { font-size: 1.5rem; letter-spacing: -.008em; }
h3 { font-size: 1.2rem; }
h4 { font-size: 1rem; }
h1 + p { font-size: 1.3rem; line-height: 1.45; color: var(--soft); margin: 0 0 2.2em; text-wrap: pretty; }
p, ul, ol, blockquote { margin: 0 0 1.1em; }
p { text-wrap: pretty; }
ul, ol { padding-left: 1.4em; }
li.task { list-style: none; margin-left: -1.4em; }
li.task input { margin: 0 .35em 0 0; accent-color: var(--accent); }
li { margin: .25em 0; }
li > p { margin: 0 0 .4em; }
blockquote { border-left: 3px solid var(--line); padding-left: 1.1em; color: var(--soft); margin-left: 0; margin-right: 0; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2.5em 0; }
img, svg { max-width: 100%; }
.prose img { height: auto; }
code { font: .84em/1.5 var(--mono); }
:not(pre) > code { background: var(--wash); border-radius: 4px; padding: .12em .32em; }
pre { font: .8rem/1.6 var(--mono); margin: 0; overflow-x: auto; tab-size: 2; }
pre code { font: inherit; }
kbd { font: .8em var(--sans); border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: .1em .4em; }

.cell { margin: 1.6em 0; }
pre.code, .prose pre { background: var(--wash); border-radius: 8px; padding: .9em 1.1em; }
.prose pre { margin: 0 0 1.1em; }
details.solution > summary { font: 600 .95rem var(--sans); color: var(--accent); cursor: pointer; width: max-content; }
details.solution > summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
details.solution[open] > summary { margin-bottom: .7em; }
pre.code { position: relative; }
/* What goes on beyond an edge fades out there. */
.more-right { -webkit-mask-image: linear-gradient(to left, #0000 0, #000 2.6rem); mask-image: linear-gradient(to left, #0000 0, #000 2.6rem); }
.more-left { -webkit-mask-image: linear-gradient(to right, #0000 0, #000 2.6rem); mask-image: linear-gradient(to right, #0000 0, #000 2.6rem); }
.more-left.more-right { -webkit-mask-image: linear-gradient(to right, #0000 0, #000 2.6rem calc(100% - 2.6rem), #0000 100%);
  mask-image: linear-gradient(to right, #0000 0, #000 2.6rem calc(100% - 2.6rem), #0000 100%); }
pre:focus-visible, figure:focus-visible, .katex-display:focus-visible, .table:focus-visible, .rich:focus-visible,
code:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; -webkit-mask-image: none; mask-image: none; }
.outputs { margin-top: .9em; }
.outputs > * + * { margin-top: .8em; }
pre.stream, pre.result, pre.raw { padding: .1em 1.1em; color: var(--soft); max-height: 26rem; overflow: auto; }
pre.result { color: var(--ink); }
pre.error { border-left: 3px solid var(--error); background: var(--error-wash); border-radius: 0 8px 8px 0; padding: .8em 1em; }
figure { margin: 1.4em 0; overflow-x: auto; }
figure img { display: block; height: auto; }
figcaption { font: .9rem/1.45 var(--sans); color: var(--soft); margin-top: .5em; overflow-wrap: anywhere; }
figure.live .canvas { width: 100%; }
/* Narrower, the labels of subplots would overprint each other; the figure then scrolls. */
figure.live[data-library="plotly"] .canvas { min-width: 30rem; }
figure.diagram svg { display: block; height: auto; }
figure.live .canvas > .chart-wrapper, figure.live .vega-embed { display: block; padding-right: 0; }
figure.live .vega-embed > svg, figure.live .chart-wrapper > svg { height: auto; }
/* Cells of a heat map meet without a seam. */
figure.live .mark-rect path { shape-rendering: crispEdges; }
figure img { background: #fff; border-radius: 6px; }
.vega-embed summary { opacity: .0; transition: opacity .15s; }
.vega-embed:hover summary, .vega-embed summary:focus-visible { opacity: .8; }

.vega-bindings { font: .95rem/1.5 var(--sans); padding: .2em .8em; display: flex; flex-wrap: wrap; gap: .3em 1.4em; }
.vega-bind label { display: flex; align-items: center; gap: .6em; }
.vega-bind input, .vega-bind select { font: inherit; accent-color: var(--accent); }
.vega-bind select { color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 5px; padding: .1em .3em; }

.table, .rich { overflow-x: auto; }
table { border-collapse: collapse; font: .95rem/1.45 var(--sans); font-variant-numeric: tabular-nums; margin: 0 0 1.2em; min-width: 60%; }
th, td { text-align: left; padding: .4em .9em .4em 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; border-bottom-color: var(--soft); }
th:not(:first-child)[style*="right"], td[style*="right"] { text-align: right; }
.katex { font-size: 1.06em; }
.katex-display { overflow-x: auto; overflow-y: hidden; padding: .3em 0; margin: 1.2em 0; }
/* The number of an equation stands beside it, also where the equation is wider than the page. */
.katex-display > .katex > .katex-html:has(> .tag) { min-width: max-content; padding: 0 3rem; box-sizing: border-box; }
code.bad-formula { color: var(--error); }
.absent { color: var(--soft); text-decoration: underline dotted; }

.hljs-keyword, .hljs-literal, .hljs-meta { color: var(--keyword); }
.hljs-string, .hljs-regexp { color: var(--string); }
.hljs-number { color: var(--number); }
.hljs-comment { color: var(--comment); font-style: italic; }
.hljs-title, .hljs-attr { color: var(--name); }
.hljs-type, .hljs-built_in, .hljs-class { color: var(--type); }
.hljs-subst { color: inherit; }

header.book { max-width: 45rem; margin: 0 auto; padding: 1.1rem 4rem 0 1.25rem; display: flex; flex-wrap: wrap; gap: .5rem 1.5rem;
  align-items: center; justify-content: space-between; font: .95rem var(--sans); }
header.book a { color: var(--soft); text-decoration: none; }
header.book a:hover { color: var(--accent); }
input[type="search"] { font: inherit; color: inherit; background: var(--wash); border: 1px solid var(--line); border-radius: 6px;
  padding: .3em .6em; width: 11rem; max-width: 100%; }
nav.turn { max-width: 45rem; margin: 0 auto; padding: 1rem 1.25rem; display: grid; grid-template-columns: 1fr 1fr; gap: 1rem;
  font: 1rem/1.35 var(--sans); border-top: 1px solid var(--line); }
nav.turn a { text-decoration: none; }
nav.turn a[rel="prev"]::before { content: "\\2190\\a0"; }
nav.turn a[rel="next"] { text-align: right; grid-column: 2; }
nav.turn a[rel="next"]::after { content: "\\a0\\2192"; }
form.search { font: 1rem var(--sans); margin: 0 0 2.5em; }
form.search label { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .6em; }
form.search input { flex: 0 1 24rem; min-width: 0; }
form.search .found { margin: .6em 0; color: var(--soft); font: .9rem var(--sans); }
form.search .results p { font: .95rem/1.45 var(--sans); color: var(--soft); margin: 0 0 .6em; }
ol.chapters { padding-left: 0; list-style: none; font-family: var(--sans); }
ol.chapters > li { margin: 0 0 1.6em; }
ol.chapters a.chapter { font-size: 1.2rem; font-weight: 600; text-decoration: none; }
ol.chapters p { font: 1rem/1.5 var(--serif); color: var(--soft); margin: .2em 0; }
ol.chapters ul { font-size: .95rem; padding-left: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .1em 1.2em; }
ol.chapters ul a { color: var(--soft); text-decoration: none; }

footer { max-width: 45rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; font: .9rem var(--sans); color: var(--soft); }
button.theme { position: fixed; top: .9rem; right: .9rem; width: 2.25rem; height: 2.25rem; border: 1px solid var(--line);
  border-radius: 50%; background: var(--paper); cursor: pointer; z-index: 2; padding: 0; }
button.theme::before { content: ""; display: block; width: 1rem; height: 1rem; margin: auto; border-radius: 50%;
  background: linear-gradient(90deg, var(--soft) 50%, transparent 50%); border: 1.5px solid var(--soft); }

nav[aria-label="Contents"] { display: none; }
@media (min-width: 78rem) {
  nav[aria-label="Contents"] { display: block; position: fixed; top: 5rem; left: calc(50% - 22.5rem - 15rem); width: 12.5rem; max-height: 80vh;
    overflow: auto; font: .92rem/1.4 var(--sans); }
  nav[aria-label="Contents"] ol { list-style: none; padding: 0; margin: 0; }
  nav[aria-label="Contents"] li { margin: .5em 0; }
  nav[aria-label="Contents"] a { color: var(--soft); text-decoration: none; }
  nav[aria-label="Contents"] a:hover { color: var(--accent); }
  pre.code::before { content: attr(data-count); position: absolute; left: -2.2rem; width: 1.5rem; text-align: right;
    color: var(--line); }
  pre.code { overflow: visible; }
  pre.code code { display: block; overflow-x: auto; }
}
@media (max-width: 40rem) {
  body { font-size: 1.03rem; }
  .katex-display { font-size: .92em; }
  pre { font-size: .76rem; }
}
@page { margin: 14mm; }
@media print {
  :root, :root[data-theme="dark"] {${light}
  }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  nav, header.book, form.search, button.theme, .vega-embed details { display: none !important; }
  pre, figure, table, .katex-display { break-inside: avoid; }
  pre { white-space: pre-wrap; max-height: none !important; }
  .more-left, .more-right { -webkit-mask-image: none !important; mask-image: none !important; }
  h2, h3 { break-after: avoid; }
  /* Live figures may be drawn in dark colours; their still pictures never are. */
  figure.live .still[hidden] { display: block; }
  figure.live .still:has(img) ~ .canvas { display: none; }
  a { color: inherit; }
}
`;
