// The first page of all experiments: what there is, in a line each, with links to every file.
import { htmlPage } from '../../charts/page.ts'
import { escapeMarkup, tag } from '../../charts/svg.ts'
import type { Collected } from '../collected.ts'
import { ledgerOf } from './ledger.ts'
import { ledgerCsv, ledgerMarkdown, ledgerPage } from './ledger_pages.ts'
import type { Rendered } from '../../charts/figure.ts'
import { figuresOf } from './render.ts'
import { sheetsOf } from './sheet.ts'
import { EXPERIMENT_STYLE } from './sheet_html.ts'

const TABLE_FILES = {
  ...{ '.html': 'html', '.csv': 'csv', '_folds.csv': 'csv by fold', '_subjects.csv': 'csv by subject' },
  ...{ '.json': 'json', '.md': 'md', '.tex': 'tex' },
} as const

const link = (href: string, text: string): string => tag('a', { href }, escapeMarkup(text))

/** How many lines of the ledger have each verdict, without controls and what was never asked for. */
function verdictLine(collected: Collected): string {
  const lines = ledgerOf(collected)
  const results = lines.filter(({ ours, control }) => ours !== undefined && !control)
  const controls = lines.filter(({ ours, control }) => ours !== undefined && control)
  const count = (of: typeof lines, part: string): number => of.filter(({ verdict }) => verdict.includes(part)).length
  const said = [
    `${collected.done} of ${collected.jobs} jobs done`,
    `${results.length} numbers`,
    ...(results.length === 0
      ? []
      : [
          `the interval of ${count(results, 'holds the reported number')} holds the reported one`,
          `${count(results, 'below the reported number')} below it`,
          `${count(results, 'above the reported number')} above it`,
          `${count(results, 'no better than chance')} no better than chance`,
          `${results.filter(({ leaks }) => leaks).length} of them LEAK`,
        ]),
    ...(controls.length === 0 ? [] : [`${count(controls, 'at chance')} of ${controls.length} controls at chance`]),
  ]
  return `${said.join('; ')}.`
}

/** What came out under the first protocol. */
function firstHeadlines(collected: Collected): string[] {
  const [first] = sheetsOf(collected)
  return first ? first.headlines.map((text) => `Protocol ${first.protocol}. ${text}`) : []
}

function card(collected: Collected): string {
  const { name, title } = collected.grid
  const figures = figuresOf(collected)
  const files = Object.entries(TABLE_FILES)
    .map(([ending, says]) => link(`${name}${ending}`, says))
    .join(' · ')
  const pictures = figures.map((figure) => link(`${figure.name}.svg`, figure.caption)).join(' · ')
  const synthetic = collected.datasets.some((dataset) => dataset.synthetic)
  return [
    tag('h2', {}, link(`${name}.html`, `${name}: ${title}`)),
    ...(synthetic ? [tag('p', { class: 'warning' }, 'SYNTHETIC DATA: these numbers say nothing about people.')] : []),
    ...firstHeadlines(collected).map((text) => tag('p', {}, escapeMarkup(text))),
    tag('p', { class: 'soft' }, escapeMarkup(verdictLine(collected))),
    tag('p', {}, `${files} · ${link(`ledger.html#${name}`, 'ledger')}`),
    ...(figures.length === 0
      ? []
      : [
          tag('div', { class: 'thumbnail' }, figures[0]!.svg),
          tag('details', {}, tag('summary', {}, `${figures.length} figures`) + tag('p', {}, pictures)),
        ]),
  ].join('')
}

/** Other pages of the same folder, such as those of tables that need no training. */
export interface OtherPage {
  path: string
  title: string
  says: string
}

const MORE_STYLE = `
a { color: var(--accent) }
.thumbnail { max-width: 22rem; border: 1px solid var(--line); border-radius: .4rem; padding: .4rem; margin: .6rem 0 }
`

/** `index.html` and the ledger of several experiments. `others` are linked after them. */
export function renderIndex(list: readonly Collected[], others: readonly OtherPage[] = []): Rendered[] {
  const title = 'Experiments'
  const ledger = ['html', 'csv', 'md'].map((ending) => link(`ledger.${ending}`, ending)).join(' ')
  const more = others.map(({ path, title, says }) => tag('li', {}, `${link(path, title)}: ${escapeMarkup(says)}`))
  const body = [
    tag('h1', {}, title),
    tag('p', {}, `Every number and its verdict: the ledger as ${ledger}.`),
    ...list.map(card),
    ...(more.length === 0 ? [] : [tag('h2', {}, 'Of the data themselves'), tag('ul', {}, more.join(''))]),
    tag('h2', {}, 'Figures 5 to 8'),
    tag('p', { class: 'soft' }, 'Where the network looks (guided Grad-CAM). They are not among these experiments.'),
  ]
  return [
    { path: 'index.html', content: htmlPage(title, body.join(''), EXPERIMENT_STYLE + MORE_STYLE) },
    { path: 'ledger.html', content: ledgerPage(list) },
    { path: 'ledger.csv', content: ledgerCsv(list) },
    { path: 'ledger.md', content: ledgerMarkdown(list) },
  ]
}
