// Sheets as Markdown: pipe tables, every line of which has the same number of cells.
import { escapeMarkdown, markdownTable } from '../../charts/markdown.ts'
import type { Sheet, SheetCell, SheetDocument } from './sheet.ts'

function cellText({ text, under, leaks }: SheetCell): string {
  const mark = leaks ? ' **leaks**' : ''
  return [escapeMarkdown(text) + mark, ...under.map(escapeMarkdown)].join('<br>')
}

function section({ title, loud, headlines, caption, heads, named, rows, notes }: Sheet): string {
  const table = markdownTable(
    heads.map(escapeMarkdown),
    rows.map((row) => row.map(cellText)),
    named,
  )
  return [
    `## ${escapeMarkdown(title)}`,
    ...loud.map((text) => `**${escapeMarkdown(text)}**`),
    ...headlines.map(escapeMarkdown),
    caption.map(escapeMarkdown).join(' '),
    table,
    notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n'),
  ].join('\n\n')
}

function protocolSections({ protocols, departures }: SheetDocument): string[] {
  if (protocols.length === 0) return []
  const differences = protocols.map(({ protocol, leaks, says }) => [
    protocol + (leaks ? ' **leaks**' : ''),
    says.map(escapeMarkdown).join('<br>'),
  ])
  const settings = departures.map((of) => [of.setting, of.paper, of.here].map(escapeMarkdown))
  return [
    `## Protocols\n\n${markdownTable(['Protocol', 'How it trains and judges'], differences, 2)}`,
    settings.length === 0
      ? "Settings that all rows share are the paper's."
      : `## Settings that are not the paper's\n\n${markdownTable(['Setting', 'Paper', 'Here'], settings, 3)}`,
  ]
}

/** All sheets, the differences of protocols and the departures from the paper. */
export function sheetMarkdown(document: SheetDocument): string {
  const { title, sheets } = document
  const parts = [
    `# ${escapeMarkdown(title)}`,
    ...(sheets.length === 0 ? ['No results.'] : sheets.map(section)),
    ...protocolSections(document),
  ]
  return `${parts.join('\n\n')}\n`
}
