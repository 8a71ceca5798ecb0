import { expect, it } from 'vitest'
import { documentOf } from '../../../src/experiments/pages/sheet.ts'
import { escapeLatex, sheetLatex } from '../../../src/experiments/pages/sheet_latex.ts'
import { HOSTILE, madeUp } from './made_up.ts'

const text = sheetLatex(documentOf(madeUp()))

it('opens and closes environments and braces in order', () => {
  const open: string[] = []
  for (const [, what, name] of text.matchAll(/\\(begin|end)\{(\w+)\}/g))
    if (what === 'begin') open.push(name!)
    else expect(open.pop()).toBe(name)
  expect(open).toEqual([])
  const braces = text.replaceAll(/\\[{}]/g, '').replaceAll(/[^{}]/g, '')
  let depth = 0
  for (const brace of braces) {
    depth += brace === '{' ? 1 : -1
    expect(depth).toBeGreaterThanOrEqual(0)
  }
  expect(depth).toBe(0)
})

it('has as many cells in every line of a table as it has columns', () => {
  const tabulars = [...text.matchAll(/\\begin\{tabular\}\{([lr]+)\}\n([^]*?)\\end\{tabular\}/g)]
  expect(tabulars).toHaveLength(5)
  for (const [, columns, body] of tabulars)
    for (const line of body!.split('\n').filter((one) => one.endsWith('\\\\')))
      expect(line.split(/(?<!\\)&/)).toHaveLength(columns!.length)
})

it('escapes what LaTeX reads otherwise', () => {
  const bare = escapeLatex(HOSTILE).replaceAll(/\\[#%&_${}]/g, '')
  expect(bare).not.toMatch(/[#%&_$~^<>|"]/)
  expect(escapeLatex('50 % & a_b, c\\d')).toBe('50 \\% \\& a\\_b, c\\textbackslash{}d')
  expect(escapeLatex('é 音')).toBe('é \\texttt{U+97F3}')
})
