// What a cell of a table holds.

/** A number with a point, or with a comma for a decimal mark. */
const NUMBERS = {
  '.': /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  ',': /^[+-]?(\d+,?\d*|,\d+)(e[+-]?\d+)?$/i,
} as const
/** The same with its thousands in groups: `1,234.5`, `1.234,5`, `1 234,5`, `1'234.5`. */
const GROUPED = {
  '.': /^[+-]?[1-9]\d{0,2}([,'’ \u00a0\u2009\u202f])\d{3}(?:\1\d{3})*(\.\d*)?$/,
  ',': /^[+-]?[1-9]\d{0,2}([.'’ \u00a0\u2009\u202f])\d{3}(?:\1\d{3})*(,\d*)?$/,
} as const
const MISSING =
  /^(-?nan(\(.*\))?|na|n\/a|n\.a\.|#n\/a|#nv|<na>|nat|\(?null\)?|none|nil|missing|nd|n\.d\.|-|--|\.[a-z_]?|\?|#(num|null|value|wert|zahl|div\/0|ref|bezug)!|-?1\.#(ind|qnan|nan)0*|)$/i

export type DecimalMark = '.' | ','

/** The number a cell holds, NaN for a missing one, undefined for anything else. */
export function numberOf(cell: string, decimal: DecimalMark = '.'): number | undefined {
  const plain = ungroupedNumberOf(cell, decimal)
  if (plain !== undefined) return plain
  const text = plainMinus(cell.trim())
  if (!GROUPED[decimal].test(text)) return undefined
  return Number(
    text
      .replace(decimal, '_')
      .replace(/[^\d_+-]/g, '')
      .replace('_', '.'),
  )
}

/** The same, but undefined for a number with its thousands in groups. */
export function ungroupedNumberOf(cell: string, decimal: DecimalMark = '.'): number | undefined {
  const text = plainMinus(cell.trim())
  if (NUMBERS[decimal].test(text)) return Number(decimal === ',' ? text.replace(',', '.') : text)
  return MISSING.test(text) ? NaN : undefined
}

/** Word processors write U+2212. */
const plainMinus = (text: string): string => (text.startsWith('\u2212') ? `-${text.slice(1)}` : text)

export const isGrouped = (cell: string, decimal: DecimalMark): boolean => GROUPED[decimal].test(plainMinus(cell.trim()))
export const isNumber = (cell: string, decimal: DecimalMark): boolean =>
  NUMBERS[decimal].test(plainMinus(cell.trim())) || isGrouped(cell, decimal)
export const isMissing = (cell: string): boolean => MISSING.test(cell.trim())

/** Enough of a cell for a message, without what a terminal would obey. */
export function shown(cell: string): string {
  // eslint-disable-next-line no-control-regex -- that is what is taken out
  const text = cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}
