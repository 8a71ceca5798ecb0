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

it('names the column of each number, for a phone', () => {
  expect(page).toContain('data-head="Valence: Accuracy %"')
})
