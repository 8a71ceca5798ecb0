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

  it.each([
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
    [() => changed((grid) => (grid.rows[1] = grid.rows[0]!)), 'are the same run'],
    [() => changed((grid) => Object.assign(grid, { name: '../x' })), 'expected letters, digits'],
  ])('is refused in words: %#', (text, says) => {
    expect(() => parseGrid(text(), 'grid.json')).toThrow(says)
  })
})
