// A grid of a user's own, from its JSON: every name in it must be known, since a slip would change nothing in silence.
import { DIMENSIONS } from '../datasets/trial.ts'
import { SCORES } from '../evaluation/judgement.ts'
import { canonical } from '../formats/canonical.ts'
import { formatDocument, parseDocument, toDocument } from '../formats/documents.ts'
import { presets } from '../model/config.ts'
import { checkNames, nameOf, type Known } from '../runtime/arguments.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { RunSettings } from '../train/defaults.ts'
import { requireKinds, SETTING_KINDS } from './grid_values.ts'
import { GRID_DATASETS, predictsRating, type Grid, type GridRow } from './grid.ts'

const GRID: Known<Grid> = {
  ...{ name: true, title: true, heads: true, target: true, scores: true, dimensions: true },
  ...{ rows: true, source: true, notes: true },
}
const ROW: Known<GridRow> = {
  ...{ cells: true, dataset: true, method: true, music: true, settings: true },
  ...{ from: true, reported: true, note: true },
}
const SETTINGS: Known<RunSettings> = {
  ...{
    dimension: true,
    target: true,
    levels: true,
    labels: true,
    folds: true,
    validation: true,
    stratify: true,
    seed: true,
  },
  ...{ signals: true, drop: true, interpolation: true, init: true, optimizer: true, learningRate: true, decay: true },
  ...{ decayEpochs: true, epochs: true, batch: true, patience: true, foldSeed: true, share: true, control: true },
  ...{ choice: true, classWeights: true, freeze: true, initial: true, alternatives: true },
  ...{ preset: true, model: true, width: true, music: true, musicFrom: true },
}
/** What a grid says elsewhere, or what the data decide. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  dimension: 'dimensions of the grid',
  music: 'music of the row',
  musicFrom: 'music of the row',
  control: '--control',
  seed: '--seed and --repeats',
  foldSeed: '--seed',
  drop: 'the data as they were prepared',
  interpolation: 'the data as they were prepared',
  initial: 'from of the row',
  alternatives: 'a run of its own, by `galvani train --try`',
  levels: 'a run of its own, since tables have two classes',
}
const OPTIMIZER = { name: true, weightDecay: true, momentum: true, beta1: true, beta2: true, eps: true } as const
const METHODS = ['network', 'svm', 'quoted'] as const
/** Files of an experiment that are no table's. */
const TAKEN: readonly string[] = ['plan', 'index', 'ledger']
/** Of a name: the names of files begin with it. */
const MOST_LETTERS = 100

/** @param source what messages call the file @throws FormatError, UsageError naming what is wrong and where */
export function parseGrid(text: string, source: string): Grid {
  const grid = parseDocument('experiment-grid', text, source) as Partial<Grid>
  const refuse = (what: string): never => {
    throw new FormatError(`${source}: ${what}`)
  }
  checkNames(source, grid, GRID)
  for (const name of ['name', 'title'] as const)
    if (typeof grid[name] !== 'string') refuse(`${name} is ${nameOf(grid[name])}, expected a text`)
  if (!/^[\w-]+$/.test(grid.name!))
    refuse(`name is '${grid.name!}', expected letters, digits, - and _: files are called so`)
  if (TAKEN.includes(grid.name!) || grid.name!.length > MOST_LETTERS)
    refuse(
      `name is '${grid.name!}', expected at most ${MOST_LETTERS} letters, and none of ${TAKEN.join(', ')}: files are called so`,
    )
  requireKinds(grid, { source: 'text', notes: 'texts' }, refuse)
  requireTexts(grid.heads, 'heads', refuse)
  if (grid.target !== undefined) requireOf([grid.target], 'target', ['rating'], refuse)
  requireOf(grid.dimensions, 'dimensions', DIMENSIONS, refuse)
  if (!Array.isArray(grid.rows) || grid.rows.length === 0)
    refuse(`rows is ${Array.isArray(grid.rows) ? 'empty' : nameOf(grid.rows)}, expected a list of rows`)
  for (const [i, row] of grid.rows!.entries()) checkRow(row, grid as Grid, `${source}: row ${i + 1}`)
  const hasClasses = grid.rows!.some((row) => !predictsRating(grid, row))
  if (hasClasses || !Array.isArray(grid.scores) || grid.scores.length > 0)
    requireOf(grid.scores, 'scores', SCORES, refuse)
  requireDistinct(grid as Grid)
  return grid as Grid
}

type Refuse = (what: string) => never

function requireTexts(value: unknown, name: string, refuse: Refuse): void {
  if (!Array.isArray(value) || value.length === 0 || value.some((of) => typeof of !== 'string'))
    refuse(`${name} is ${nameOf(value)}, expected a list of texts`)
}

function requireOf(value: unknown, name: string, known: readonly string[], refuse: Refuse): void {
  requireTexts(value, name, refuse)
  const values = value as string[]
  const wrong = values.find((of) => !known.includes(of))
  if (wrong !== undefined) refuse(`${name} has '${wrong}', expected ${known.join(', ')}`)
  const twice = values.find((of, i) => values.indexOf(of) < i)
  if (twice !== undefined) refuse(`${name} has '${twice}' twice`)
}

function checkRow(row: GridRow, grid: Grid, where: string): void {
  const heads = grid.heads.length
  const refuse: Refuse = (what) => {
    throw new FormatError(`${where}: ${what}`)
  }
  checkNames(where, row, ROW)
  requireTexts(row.cells, 'cells', refuse)
  if (row.cells.length !== heads) refuse(`it has ${row.cells.length} cells under ${heads} heads`)
  requireKinds(row, { note: 'text', from: 'text', settings: 'object', reported: 'object' }, refuse)
  const { dataset = 'any', method = 'network', music, settings = {}, reported = {} } = row
  requireOf([dataset], 'dataset', GRID_DATASETS, refuse)
  requireOf([method], 'method', METHODS, refuse)
  if (music !== undefined && typeof music !== 'boolean' && music !== 'listeners')
    refuse(`music is ${nameOf(music)}, expected true, false or "listeners"`)
  checkNames(`${where}: settings`, settings, SETTINGS)
  const elsewhere = Object.keys(settings).find((name) => name in ELSEWHERE)
  if (elsewhere !== undefined) refuse(`settings has '${elsewhere}', which is decided by ${ELSEWHERE[elsewhere]!}`)
  requireKinds(settings, SETTING_KINDS, refuse, 'settings.')
  if (settings.optimizer) checkNames(`${where}: settings.optimizer`, settings.optimizer, OPTIMIZER)
  if (settings.target !== undefined) requireOf([settings.target], 'settings.target', ['rating'], refuse)
  if (predictsRating(grid, row) && method === 'svm')
    refuse('method is svm, which predicts classes; leave it out where the target is rating')
  if (settings.model) checkNames(`${where}: settings.model`, settings.model, presets.paper)
  checkNames(`${where}: reported`, reported, { arousal: true, valence: true })
  const scores = Object.fromEntries(SCORES.map((name) => [name, true])) as Record<(typeof SCORES)[number], true>
  for (const [dimension, of] of Object.entries(reported)) {
    checkNames(`${where}: reported.${dimension}`, of, scores)
    for (const [name, value] of Object.entries(of)) {
      const isOne = typeof value === 'number' && value <= 1 && value >= (name === 'mcc' ? -1 : 0)
      const [is, expected] = [
        typeof value === 'number' ? value : nameOf(value),
        name === 'mcc' ? '-1 to 1' : 'a share of 1',
      ]
      if (!isOne) refuse(`reported.${dimension}.${name} is ${is}, expected ${expected}`)
    }
  }
}

/** A small grid to begin with. */
export const exampleGrid: Grid = {
  name: 'signals',
  title: 'Which signals the network reads',
  heads: ['Signals'],
  scores: ['accuracy', 'balancedAccuracy', 'f1'],
  dimensions: ['arousal', 'valence'],
  rows: [
    { cells: ['recording'], settings: { signals: ['origin'] } },
    { cells: ['all three'], settings: { signals: ['origin', 'phasic', 'tonic'] } },
    { cells: ['all three, no attention'], settings: { model: { attention: 'none', unit_sca: false } } },
  ],
}

export const formatGrid = (grid: Grid): string => formatDocument(toDocument('experiment-grid', grid))

/** @throws UsageError where two rows of a grid are written as the same run, or have the same name */
export function requireDistinct({ name, rows }: Grid): void {
  const seen = new Map<string, string>()
  const names = rows.map(({ cells }) => cells.join(' '))
  const twice = names.find((own, i) => names.indexOf(own) < i)
  if (twice !== undefined) throw new UsageError(`${name}: two rows are called '${twice}'; nobody could tell them apart`)
  for (const { cells, reported: _, note: _n, method = 'network', ...row } of rows) {
    if (method === 'quoted') continue
    const key = canonical({ ...row, method })
    const first = seen.get(key)
    if (first !== undefined) throw new UsageError(`${name}: rows '${first}' and '${cells.join(' ')}' are the same run`)
    seen.set(key, cells.join(' '))
  }
}
