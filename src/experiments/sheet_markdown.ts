// Sheets as Markdown: pipe tables, every line of which has the same number of cells.
import type { Collected } from './collected.ts'
import type { Sheet, SheetCell } from './sheet.ts'

/** Text that Markdown, and the HTML that it allows, take as it is. */
export const escapeMarkdown = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]#|~$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')

function cellText({ text, under, leaks }: SheetCell): string {
  const mark = leaks ? ' **leaks**' : ''
  return [escapeMarkdown(text) + mark, ...under.map(escapeMarkdown)].join('<br>')
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** Cells are Markdown already. */
export const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[], named: number): string =>
  [line(heads), line(heads.map((_, i) => (i < named ? '---' : '---:'))), ...rows.map(line)].join('\n')

function section({ title, loud, caption, heads, named, rows, notes }: Sheet): string {
  const table = markdownTable(
    heads.map(escapeMarkdown),
    rows.map((row) => row.map(cellText)),
    named,
  )
  return [
    `## ${escapeMarkdown(title)}`,
    ...loud.map((text) => `**${escapeMarkdown(text)}**`),
    caption.map(escapeMarkdown).join(' '),
    table,
    notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'),
  ].join('\n\n')
}

/** All sheets of an experiment, the differences of its protocols and its departures from the paper. */
export function experimentMarkdown({ grid, protocols, departures }: Collected, sheets: readonly Sheet[]): string {
  const differences = protocols.map(({ protocol, leaks, says }) => [
    protocol + (leaks ? ' **leaks**' : ''),
    says.map(escapeMarkdown).join('<br>'),
  ])
  const settings = departures.map((of) => [of.setting, of.paper, of.here].map(escapeMarkdown))
  const parts = [
    `# ${escapeMarkdown(grid.title)}`,
    ...(sheets.length === 0 ? ['No results.'] : sheets.map(section)),
    `## Protocols\n\n${markdownTable(['Protocol', 'How it trains and judges'], differences, 2)}`,
    settings.length === 0
      ? "Settings that all rows share are the paper's."
      : `## Settings that are not the paper's\n\n${markdownTable(['Setting', 'Paper', 'Here'], settings, 3)}`,
  ]
  return `${parts.join('\n\n')}\n`
}
