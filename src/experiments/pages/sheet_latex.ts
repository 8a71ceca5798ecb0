// Sheets as LaTeX: a document that compiles by itself, whose `table` environments can be copied. Needs booktabs and graphicx.
import type { Sheet, SheetCell, SheetDocument } from './sheet.ts'

const SPECIAL: Readonly<Record<string, string>> = {
  ...{ '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' },
  ...{ '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '"': '\\textquotedbl{}' },
  ...{ '#': '\\#', '%': '\\%', '&': '\\&', _: '\\_', $: '\\$', '{': '\\{', '}': '\\}' },
  // A bracket at the start of a line would be an option of the line end before it.
  ...{ '[': '{[}', ']': '{]}', '*': '{*}' },
  ...{ '\u2212': '$-$', '–': '--', '—': '---', '…': '\\dots{}', '×': '$\\times$', '→': '$\\rightarrow$', '’': "'" },
}

/** Text as pdflatex sets it. A character that its fonts do not have is named by its number. */
export const escapeLatex = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[^ -~\u00a1-\u00ff]|[\\~^<>|"#%&_${}[\]*]/gu, (c) => SPECIAL[c] ?? numbered(c))

const numbered = (c: string): string => `\\texttt{U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}}`

const PREAMBLE = String.raw`\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,graphicx}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
% Shrinks a table that is wider than the line, and leaves others alone.
\newcommand{\fitted}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{#1}}
\begin{document}
`

const joined = (cells: readonly string[]): string => `${cells.join(' & ')} \\\\`

/** A row of a sheet: what counts, then its smaller lines. */
function rowLines(row: readonly SheetCell[]): string {
  const height = Math.max(0, ...row.map(({ under }) => under.length))
  const first = row.map(({ text, leaks }) => escapeLatex(text) + (leaks ? ' \\textbf{leaks}' : ''))
  const smaller = Array.from({ length: height }, (_, i) =>
    joined(row.map(({ under }) => (under[i] === undefined ? '' : `{\\scriptsize ${escapeLatex(under[i])}}`))),
  )
  return [joined(first), ...smaller].join('\n')
}

function tabular(columns: string, heads: readonly string[], body: readonly string[]): string {
  const lines = ['\\toprule', joined(heads.map(escapeLatex)), '\\midrule', ...body, '\\bottomrule']
  return `\\begin{tabular}{${columns}}\n${lines.join('\n')}\n\\end{tabular}`
}

const paragraphs = (texts: readonly string[]): string => texts.map((text) => `\\par ${escapeLatex(text)}`).join('\n')

function float({ title, loud, headlines, caption, heads, named, rows, notes }: Sheet): string {
  const columns = 'l'.repeat(named) + 'r'.repeat(heads.length - named)
  const about = [
    `${escapeLatex(title)}.`,
    ...loud.map((text) => `\\textbf{${escapeLatex(text)}}`),
    ...caption.map(escapeLatex),
  ]
  return [
    '\\begin{table}[htbp]',
    '\\centering',
    `\\caption{${about.join(' ')}}`,
    `\\fitted{${tabular(columns, heads, rows.map(rowLines))}}`,
    '\\par\\medskip',
    `\\begin{minipage}{\\linewidth}\\footnotesize\n${paragraphs([...headlines, ...notes])}\n\\end{minipage}`,
    '\\end{table}',
  ].join('\n')
}

function settingsFloat({ departures }: SheetDocument): string[] {
  if (departures.length === 0) return []
  const body = departures.map(({ setting, paper, here }) => joined([setting, paper, here].map(escapeLatex)))
  const table = tabular('lll', ['Setting', 'Paper', 'Here'], body)
  const caption = "\\caption{Settings that are not the paper's.}"
  return [`\\begin{table}[htbp]\n\\centering\n${caption}\n\\fitted{${table}}\n\\end{table}`]
}

/** All sheets, the differences of protocols and the departures from the paper. */
export function sheetLatex(document: SheetDocument): string {
  const protocols = document.protocols.map(
    ({ protocol, leaks, says }) => `Protocol ${protocol}${leaks ? ' (LEAKS)' : ''}: ${says.join('; ')}.`,
  )
  // Floats that have no page of text between them pile up.
  const floats = [...document.sheets.map(float), ...settingsFloat(document)].join('\n\\clearpage\n')
  return `${PREAMBLE}${floats}\n${paragraphs(protocols)}\n\\end{document}\n`
}
