import { describe, expect, it } from 'vitest'
import { exampleGrid, formatGrid, parseGrid } from '../../src/experiments/grid_file.ts'

const changed = (change: (grid: Record<string, never> & { rows: Record<string, unknown>[] }) => void): string => {
  const grid = JSON.parse(formatGrid(exampleGrid)) as Parameters<typeof change>[0]
  change(grid)
  return JSON.stringify(grid)
}

describe('a grid of a file', () => {
  it('is what was written', () => {
    expect(parseGrid(formatGrid(exampleGrid), 'grid.json')).toEqual(exampleGrid)
  })

  it.each<[() => string, string]>([
    [() => '{', 'is not JSON'],
    [
      () => changed((grid) => (grid.rows[0]!['setings'] = {})),
      "row 1 has no option 'setings'; did you mean 'settings'?",
    ],
    [() => changed((grid) => (grid.rows[0]!['settings'] = { epoch: 3 })), "did you mean 'epochs'?"],
    [() => changed((grid) => (grid.rows[0]!['settings'] = { model: { dept: 2 } })), "did you mean 'depth'?"],
    [() => changed((grid) => (grid.rows[0]!['settings'] = { seed: 2 })), 'decided by --seed and --repeats'],
    [() => changed((grid) => (grid.rows[0]!['dataset'] = 'DEAP')), "dataset has 'DEAP', expected pmemo"],
    [() => changed((grid) => (grid.rows[0]!['cells'] = [])), 'cells is an array, expected a list of texts'],
    [() => changed((grid) => (grid.rows[0]!['cells'] = ['a', 'b'])), '2 cells under 1 heads'],
    [() => changed((grid) => (grid.rows[1] = { ...grid.rows[0]!, cells: ['again'] })), 'are the same run'],
    [() => changed((grid) => Object.assign(grid, { name: '../x' })), 'expected letters, digits'],
    [() => changed((grid) => Object.assign(grid, { name: 'plan' })), 'none of plan, index, ledger'],
    [() => changed((grid) => Object.assign(grid, { name: 'a'.repeat(101) })), 'at most 100 letters'],
    [() => changed((grid) => Object.assign(grid, { rows: [] })), 'rows is empty'],
    [() => changed((grid) => Object.assign(grid, { notes: 'x' })), 'notes is a string, expected a list of texts'],
    [() => changed((grid) => Object.assign(grid, { scores: ['f1', 'f1'] })), "scores has 'f1' twice"],
    [() => changed((grid) => (grid.rows[1]!['cells'] = grid.rows[0]!['cells'])), "two rows are called 'recording'"],
    [() => changed((grid) => (grid.rows[0]!['note'] = 3)), 'row 1: note is a number, expected a text'],
    [
      () => changed((grid) => (grid.rows[0]!['reported'] = { arousal: { accuracy: 77.3 } })),
      'reported.arousal.accuracy is 77.3, expected a share of 1',
    ],
    [
      () => changed((grid) => (grid.rows[0]!['reported'] = { arousal: { mcc: -2 } })),
      'reported.arousal.mcc is -2, expected -1 to 1',
    ],
  ])('is refused in words: %#', (text, says) => {
    expect(() => parseGrid(text(), 'grid.json')).toThrow(says)
  })

  it.each<[string, unknown, string]>([
    ['labels', 3, 'settings.labels is a number, expected a text'],
    ['learning_rate', '0.1', 'settings.learningRate is a string, expected a number'],
    ['signals', 'phasic', 'settings.signals is a string, expected a list of texts'],
    ['freeze', [1], 'settings.freeze is an array, expected a list of texts'],
    ['stratify', false, 'settings.stratify is a boolean, expected true'],
    ['model', null, 'settings.model is null, expected an object'],
    ['optimizer', { name: 'sgd', momentun: 0.9 }, "did you mean 'momentum'?"],
  ])('has no row whose %s is %j', (name, value, says) => {
    const text = changed((grid) => (grid.rows[0]!['settings'] = { [name]: value }))
    expect(() => parseGrid(text, 'grid.json')).toThrow(says)
  })

  it('may report what is a share of 1, and an MCC below nought', () => {
    const reported = { arousal: { accuracy: 0.77, mcc: -0.1 } }
    const text = changed((grid) => (grid.rows[0]!['reported'] = reported))
    expect(parseGrid(text, 'grid.json').rows[0]!.reported).toEqual(reported)
  })
})
