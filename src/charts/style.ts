/** Stylesheet of a report: system fonts, the reader's light or dark theme, one column on a phone. */
export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1d222b; --soft: #5b6472; --line: #dfe3e9; --panel: #f6f7f9;
  --accent: #2f6fbd; --warn: #8a4b00; --warn-paper: #fff3df; --warn-line: #eab35c }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e4e8ee; --soft: #9aa4b2; --line: #2d333d;
  --panel: #1b1f26; --accent: #7fb2f0; --warn: #ffd79a; --warn-paper: #3a2a10; --warn-line: #8a6220 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line) }
p { margin: .5rem 0; max-width: 46rem }
.soft { color: var(--soft); font-size: .9rem }
.warning { background: var(--warn-paper); color: var(--warn); border: 1px solid var(--warn-line); border-radius: .4rem;
  padding: .6rem .9rem; margin: .8rem 0; max-width: none }
.warning strong { text-transform: uppercase; letter-spacing: .04em }
.headline { font-size: 1.15rem }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 10rem), 1fr)); gap: .7rem 1.5rem;
  margin: 1.2rem 0 }
dt { color: var(--soft); font-size: .8rem }
dd { margin: 0 }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums;
  overflow-wrap: normal }
th, td { padding: .4rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child, .text { text-align: left; white-space: normal }
td:first-child { min-width: 5rem }
td.text { min-width: 10rem }
thead th { white-space: normal; background: var(--panel); color: var(--soft); font-weight: 600; vertical-align: bottom }
tbody tr:last-child td { border-bottom: 0 }
tr.model td { font-weight: 650; color: var(--accent) }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; margin: 1rem 0 }
figure { margin: 0; max-width: 100% }
figcaption { font-weight: 600; margin-bottom: .3rem }
svg { display: block; max-width: 100%; height: auto }
details { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .9rem; margin: .6rem 0 }
summary { cursor: pointer; font-weight: 600 }
details .wide { max-height: 26rem; overflow-y: auto; margin: .8rem 0 }
pre { background: var(--panel); padding: .8rem; border-radius: .4rem; overflow-x: auto; font-size: .85rem }
@media print { details .wide { max-height: none } }
`
