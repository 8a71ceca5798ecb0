import { expect, it } from 'vitest'
import { documentOf } from '../../../src/experiments/pages/sheet.ts'
import { sheetPage } from '../../../src/experiments/pages/sheet_html.ts'
import { madeUp } from './made_up.ts'

const page = sheetPage(documentOf(madeUp()), [])

it('escapes every text, and asks for nothing from elsewhere', () => {
  expect(page).not.toMatch(/<script|javascript:/i)
  expect(page).toContain('&#60;script&#62;')
  expect(page).not.toMatch(/(?:src|href)=|@import|url\(/)
})

it('marks each leaking number', () => {
  expect(page.match(/<span class="leaks">/g)).toHaveLength(6)
})

it('sets each line beside all of its baselines', () => {
  const [first, ...more] = page.match(/<details>[^]*?<\/details>/g)!
  expect(more).toHaveLength(6) // two dimensions of three protocols, and the control
  expect(first).toContain('<summary>&#60;script&#62;')
  expect(first).toContain('SCA, valence</summary>')
  for (const text of ['mean ± s.d. over 2 folds and 2 seeds', '61.1 ± 4.0', 'mean ± s.d. over 2 seeds', '61.0 ± 1.0'])
    expect(first).toContain(text)
  for (const text of ['Class distribution', '+8.0 (+3.0 to +13.0)', 'with 2 folds p cannot be less than 0.500'])
    expect(first).toContain(text)
})

it('names the column of each number, for a phone', () => {
  expect(page).toContain('data-head="Valence: Accuracy %"')
})
