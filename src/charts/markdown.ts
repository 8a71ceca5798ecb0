// Markdown of texts and tables that may hold anything.

/** Text that Markdown, and the HTML that it allows, take as it is. */
export const escapeMarkdown = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]#|~$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** Cells are Markdown already. */
export const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[], named: number): string =>
  [line(heads), line(heads.map((_, i) => (i < named ? '---' : '---:'))), ...rows.map(line)].join('\n')
