import { describe, expect, it } from 'vitest'
import { runTable } from '../../cli/shared/result_table.ts'
import { choiceTable } from '../../src/report/choices.ts'
import { runReport } from '../../src/report/html.ts'
import { sampleRun } from './summary.ts'

const RATES = [{ learningRate: 0.5 }, { learningRate: 0.25 }]

/** The first fold takes the second alternative, the other one the first, since the second had no loss. */
function chosen() {
  const run = sampleRun()
  const of = (i: number, validationLoss: number) => ({ settings: RATES[i]!, epochs: [], bestEpoch: 1, validationLoss })
  const [first, second] = run.results
  const failed = { settings: RATES[1]!, epochs: [], failure: 'fold b: the training loss is NaN' }
  run.results = [
    { ...first!, name: 'a', settings: RATES[1]!, tried: [of(0, 0.75), of(1, 0.5)] },
    { ...second!, name: 'b', settings: RATES[0]!, tried: [of(0, 0.625), failed] },
  ]
  return run
}

describe('the choice of settings', () => {
  it('is a row for each alternative, with what each fold took', () => {
    expect(choiceTable(chosen().results)).toEqual({
      heads: ['Settings', 'Fold a', 'Fold b'],
      rows: [
        ['learning rate 0.5', '0.7500', '0.6250 (taken)'],
        ['learning rate 0.25', '0.5000 (taken)', 'none'],
      ],
      failures: ['learning rate 0.25: fold b: the training loss is NaN.'],
    })
  })

  it('is in the report and under the printed table where there was one', () => {
    const page = runReport(chosen())
    for (const text of ['Choice of settings', '0.5000 (taken)', 'the training loss is NaN'])
      expect(page).toContain(text)
    expect(runTable(chosen())).toMatch(/learning rate 0\.25 +0\.5000 \(taken\) +none$/)
  })

  it('is nowhere else', () => {
    expect(choiceTable(sampleRun().results)).toBeNull()
    expect(choiceTable([])).toBeNull()
    expect(runReport(sampleRun())).not.toContain('Choice of settings')
    expect(runTable(sampleRun())).not.toContain('by settings')
  })
})
