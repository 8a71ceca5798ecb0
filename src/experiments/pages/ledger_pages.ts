// The ledger of several experiments as CSV, Markdown and a page.
import { htmlPage } from '../../charts/page.ts'
import { escapeMarkup, tag } from '../../charts/svg.ts'
import { formatCsv } from '../../formats/csv.ts'
import { BASELINE_NAMES } from '../../report/baseline_names.ts'
import { ledgerOf, type LedgerLine } from './ledger.ts'
import type { Collected } from '../collected.ts'
import { snakeCase } from './long_table.ts'
import { SCORE_NAMES, shown, shownGap, shownRange } from './shown.ts'
import { EXPERIMENT_STYLE, leaksMark, markupTable } from './sheet_html.ts'
import { escapeMarkdown, markdownTable } from '../../charts/markdown.ts'
import { probability } from './sheet_words.ts'

const known = (value: number | undefined): string | number => (value === undefined || Number.isNaN(value) ? '' : value)

/** A line in full precision, shares of 1, under the columns of `ledger.csv`. */
function csvRow(line: LedgerLine): Record<string, string | number> {
  const { experiment, row, name, dimension, protocol, score, reported, ours, interval, baseline } = line
  return {
    ...{ experiment, row, name, dimension, protocol, score: snakeCase(score) },
    ...{ control: String(line.control), leaks: String(line.leaks), synthetic: String(line.synthetic) },
    reported: known(reported),
    ours: known(ours),
    low: known(interval?.low),
    high: known(interval?.high),
    gap: known(reported === undefined || ours === undefined ? undefined : ours - reported),
    best_baseline: baseline?.name ?? '',
    best_baseline_by: baseline ? snakeCase(baseline.score) : '',
    best_baseline_value: known(baseline?.value),
    best_baseline_difference: known(baseline?.difference.mean),
    best_baseline_difference_low: known(baseline?.difference.low),
    best_baseline_difference_high: known(baseline?.difference.high),
    permutation_p: known(line.permutation),
    verdict: line.verdict,
  }
}

const NOTHING: LedgerLine = {
  ...{ experiment: '', row: 0, name: '', dimension: 'valence', protocol: 'honest', control: false },
  ...{ leaks: false, synthetic: false, score: 'accuracy', verdict: '' },
}

export const ledgerCsv = (list: readonly Collected[]): string =>
  formatCsv(
    Object.keys(csvRow(NOTHING)),
    list.flatMap(ledgerOf).map((line) => Object.values(csvRow(line))),
  )

const HEADS = [
  'Row',
  'Dimension',
  'Protocol',
  'Score',
  'Reported',
  'Ours',
  '95 %',
  'Gap',
  'Best baseline',
  'Permutation p',
]

/** The cells of `HEADS` but for the verdict, as plain text. */
function plain(line: LedgerLine): string[] {
  const { score, reported, ours, interval, baseline, permutation } = line
  const gap = reported === undefined || ours === undefined ? '' : shownGap(score, ours - reported)
  return [
    line.name,
    line.dimension,
    line.protocol + (line.control ? ', control' : ''),
    SCORE_NAMES[score],
    reported === undefined ? '' : shown(score, reported),
    ours === undefined ? '' : shown(score, ours),
    interval ? shownRange(score, interval) : '',
    gap,
    baseline
      ? `${BASELINE_NAMES[baseline.name]} ${shown(baseline.score, baseline.value)} (${SCORE_NAMES[baseline.score]})`
      : '',
    permutation === undefined ? '' : probability(permutation),
  ]
}

/** Columns that say of what a line is. */
const NAMED = HEADS.indexOf('Reported')
const OURS = HEADS.indexOf('Ours')

/** Short words take little room, so that a verdict has its own. */
const LEDGER_STYLE = `
td.word, th:last-child { text-align: left }
td.best { white-space: normal }
@media screen and (min-width: 48rem) { td.text { min-width: 8rem } td.verdict { min-width: 17rem } }
`

export const LEDGER_RULES = [
  'A verdict follows by rule from the numbers of its line. First, whether the protocol leaks. Then, whether the 95 % interval holds the reported number. Then, whether the interval of balanced accuracy lies above a half; where it does not, the model is no better than chance. Last, whether the interval of the difference to the best baseline lies above nought.',
  'A control was trained on labels shuffled within subjects and is at chance where its interval of balanced accuracy holds a half. Of many that are, five in a hundred miss it.',
]

const synthetic = (list: readonly Collected[]): string[] =>
  list.some(({ datasets }) => datasets.some((dataset) => dataset.synthetic))
    ? ['SYNTHETIC DATA: these numbers say nothing about people.']
    : []

export function ledgerMarkdown(list: readonly Collected[]): string {
  const sections = list.map((collected) => {
    const rows = ledgerOf(collected).map((line) => {
      const cells = plain(line).map(
        (text, i) => escapeMarkdown(text) + (line.leaks && i === OURS && text ? ' **leaks**' : ''),
      )
      return [...cells, escapeMarkdown(line.verdict)]
    })
    const heads = [...HEADS, 'Verdict'].map(escapeMarkdown)
    return `## ${escapeMarkdown(collected.grid.name)}: ${escapeMarkdown(collected.grid.title)}\n\n${markdownTable(heads, rows, NAMED)}`
  })
  const loud = synthetic(list).map((text) => `**${text}**`)
  return `${['# Ledger', ...loud, ...LEDGER_RULES, ...sections].join('\n\n')}\n`
}

function htmlRow(line: LedgerLine): string {
  const cells = plain(line).map((text, i) => {
    const mark = line.leaks && i === OURS && text !== '' ? leaksMark : ''
    const kind =
      i === 0 ? { class: 'text name' } : i < NAMED ? { class: 'word' } : i === HEADS.length - 2 ? { class: 'best' } : {}
    return tag('td', { ...kind, 'data-head': HEADS[i]! }, (escapeMarkup(text) || '–') + mark)
  })
  return [...cells, tag('td', { class: 'text verdict', 'data-head': 'Verdict' }, escapeMarkup(line.verdict))].join('')
}

export function ledgerPage(list: readonly Collected[]): string {
  const sections = list.map((collected) => {
    const { name, title } = collected.grid
    const head = tag('h2', { id: name }, escapeMarkup(`${name}: ${title}`))
    return head + markupTable([...HEADS, 'Verdict'], ledgerOf(collected).map(htmlRow), NAMED)
  })
  const loud = synthetic(list).map((text) => tag('p', { class: 'warning' }, text))
  const rules = LEDGER_RULES.map((text) => tag('p', { class: 'soft' }, escapeMarkup(text)))
  return htmlPage(
    'Ledger',
    [tag('h1', {}, 'Ledger'), ...loud, ...rules, ...sections].join(''),
    EXPERIMENT_STYLE + LEDGER_STYLE,
  )
}
