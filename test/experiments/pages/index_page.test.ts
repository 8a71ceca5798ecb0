import { expect, it } from 'vitest'
import { renderIndex } from '../../../src/experiments/pages/index_page.ts'
import { renderExperiment } from '../../../src/experiments/pages/render.ts'
import { parseCsv } from '../../../src/formats/csv.ts'
import { madeUp, madeUpShares } from './made_up.ts'

const list = [madeUp(), madeUpShares()]
const index = renderIndex(list)
const page = index[0]!.content

it('links to files that exist, and to all of them', () => {
  const paths = new Set([...index, ...list.flatMap(renderExperiment)].map(({ path }) => path))
  const links = [...page.matchAll(/href="([^"#]+)/g)].map((match) => match[1]!)
  expect(links.filter((path) => !paths.has(path))).toEqual([])
  expect([...paths].filter((path) => !links.includes(path))).toEqual(['index.html'])
})

it('says that the figures of Grad-CAM are not there', () => {
  expect(page).toContain('Figures 5 to 8')
})

it('says of each experiment in a line what came out', () => {
  expect(page).toContain('12 of 14 jobs done')
  expect(page).toMatch(/Protocol honest\. Valence: .* has accuracy 61\.0 %/)
  expect(page).toContain('1 of 1 controls at chance')
  expect(page).toContain('SYNTHETIC')
  expect(page).not.toMatch(/<script/)
})

it('has a ledger that parses back', () => {
  const table = parseCsv(index.find(({ path }) => path === 'ledger.csv')!.content, 'ledger.csv')
  expect(table.length).toBe(25 + 24)
  expect(table.text('verdict').every((verdict) => verdict !== '')).toBe(true)
  expect(table.numbers('gap', 'nan')[0]).toBeCloseTo(-0.163, 12)
})
