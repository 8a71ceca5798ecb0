import { expect, it } from 'vitest'
import { renderFacts, type DrawnFacts } from '../../../src/experiments/pages/fact_sheet.ts'
import { HOSTILE, madeUp } from './made_up.ts'

const facts: DrawnFacts = {
  ...{ name: 'table1', title: `Classes ${HOSTILE}`, heads: ['Dataset', 'Dimension'], source: 'a paper, Table 1' },
  rows: [
    { cells: ['PMEmo', 'valence'], reported: { high: 4436, low: 3254 }, ours: { high: 60, low: 40 } },
    { cells: ['DEAP', 'valence'], reported: { high: 647, low: 633 }, missing: 'DEAP was not given', note: HOSTILE },
  ],
  datasets: madeUp().datasets,
}
const contentOf = (drawn: DrawnFacts, ending: string): string =>
  renderFacts(drawn).find(({ path }) => path.endsWith(ending))!.content

it('has our counts beside the reported ones, and says why there are none', () => {
  const page = contentOf(facts, 'html')
  for (const text of ['<b>60</b><small>paper 4436</small>', 'DEAP was not given<small>paper 647</small>', 'SYNTHETIC'])
    expect(page).toContain(text)
  expect(page).not.toContain('<script')
  expect(page).not.toContain('Protocols')
})

it('has as many cells in every line', () => {
  const lines = contentOf(facts, 'md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
  expect(new Set(lines.map((line) => line.split(/(?<!\\)\|/).length))).toEqual(new Set([6]))
})

it('shows a correlation with two decimals, and of a reported p that it is a bound', () => {
  const rows = [{ cells: ['DEAP', ''], reported: { r: 0.15, p: 0.001 }, ours: { r: -0.214, p: 1e-9 } }]
  const page = contentOf({ ...facts, rows }, 'html')
  expect(page).toContain('<b>−0.21</b><small>paper 0.15</small>')
  expect(page).toContain('<b>&#60; .001</b><small>paper at most 0.001</small>')
})

it('draws pictures in the page and as files of their own', () => {
  const rows = [{ cells: ['PMEmo', '10031'], picture: '<svg id="one"/>' }]
  const drawn = renderFacts({ ...facts, name: 'figure3', rows })
  expect(drawn.map(({ path }) => path)).toEqual(['figure3.html', 'figure3.md', 'figure3.tex', 'figure3.svg'])
  expect(drawn[0]!.content).toContain('<svg id="one"/>')
})
