import { expect, it } from 'vitest'
import { documentOf } from '../../../src/experiments/pages/sheet.ts'
import { escapeMarkdown } from '../../../src/charts/markdown.ts'
import { sheetMarkdown } from '../../../src/experiments/pages/sheet_markdown.ts'
import { madeUp } from './made_up.ts'

const text = sheetMarkdown(documentOf(madeUp()))

it('has as many cells in every line of a table', () => {
  const tables = text
    .trim()
    .split('\n\n')
    .filter((block) => block.startsWith('|'))
  expect(tables).toHaveLength(6) // four sheets, the protocols, the settings
  for (const table of tables) {
    const counts = table.split('\n').map((line) => line.split(/(?<!\\)\|/).length)
    expect(new Set(counts).size, table).toBe(1)
    expect(counts.length).toBeGreaterThan(2)
  }
})

it('says what came out before each table', () => {
  const [honest] = text.split('| --- |')
  expect(honest).toMatch(/Valence: .* has accuracy 61\.0 % \\\[55\.0, 67\.0\\\]/)
})

it('lets no markup through', () => {
  expect(text).not.toContain('<script')
  expect(escapeMarkdown('a|b *c*\nd')).toBe('a\\|b \\*c\\* d')
})
