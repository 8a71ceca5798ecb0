import { describe, expect, it } from 'vitest'
import { longColumns, longCsv, longJson, longTable } from '../../../src/experiments/pages/long_table.ts'
import { parseCsv } from '../../../src/formats/csv.ts'
import { parseDocument } from '../../../src/formats/documents.ts'
import { HOSTILE, madeUp } from './made_up.ts'

const collected = madeUp()
const rows = longTable(collected)

describe('the long table', () => {
  it('holds score, gap, interval, baseline and tests in full precision', () => {
    expect(rows[0]).toMatchObject({
      ...{ row: 1, cell_1: HOSTILE, leaks: false, control: false, seeds: '1 2', trials: 40, folds: 2, holm_p: 0.5 },
      ...{ accuracy_reported: 0.773, accuracy_ours: 0.61, accuracy_gap: 0.61 - 0.773, accuracy_fold_sd: 0.04 },
      ...{ accuracy_low: 0.61 - 0.06, majority_f1_difference_low: 0.61 - 0.55 - 0.05, song_trials: 30 },
      ...{ permutation_p: 0.02, wilcoxon_p: 0.5, wilcoxon_floor: 0.5, parameters: 12345 },
    })
    expect(rows.filter(({ leaks }) => leaks === true)).toHaveLength(4)
  })

  it('has no value where a score is not defined or there is none, and says why', () => {
    const { auc_ours, rbf_svm_accuracy } = rows[0]!
    expect([auc_ours, rbf_svm_accuracy, rows[1]!.accuracy_ours]).toEqual([null, null, null])
    expect(rows[1]!.missing).toContain('no data')
    expect(longTable(madeUp({ protocols: [] }))[0]!.leaks).toBeNull()
  })

  it('has the same columns in every line', () => {
    for (const row of rows) expect(Object.keys(row)).toEqual(longColumns(collected))
  })

  it('parses back as it was written, whatever the rows are called', () => {
    const table = parseCsv(longCsv(collected), 'table8.csv')
    expect(table.columns).toEqual(longColumns(collected))
    for (const column of table.columns)
      expect(table.text(column)).toEqual(rows.map((row) => (row[column] === null ? '' : String(row[column]))))
    expect(parseCsv(longCsv({ ...collected, cells: [] }), 'table8.csv').length).toBe(0)
  })

  it('is the same as a document', () => {
    const document = parseDocument('experiment-results', longJson(collected), 'table8.json')
    expect(document).toMatchObject({ name: 'table8', adapter: 'an adapter', rows })
  })
})
