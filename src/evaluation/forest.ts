import type { Pieces } from '../runtime/breather.ts'
import { Random } from '../runtime/random.ts'
import { checkTraining, scoring, type Learner, type LearnOptions } from './learner.ts'
import { FOREST_STREAM } from './random_streams.ts'
import { workInTurns } from './turns.ts'

/** A decision tree as arrays, a node an element; node 0 is the root. */
export interface Tree {
  /** Feature that a node asks for, -1 of a leaf. */
  feature: Int32Array
  /** A row goes left where its feature is at most this. */
  threshold: Float64Array
  left: Int32Array
  right: Int32Array
  /** Share of high among the training rows of the node, a row that was drawn twice counted twice. */
  high: Float64Array
}

const TREES = 200
const FEW = 32

/**
 * Random forest (Breiman, Machine Learning 45, 2001): 200 trees, each grown on as many rows as there are, drawn with replacement, until
 * its leaves are pure or cannot be split; each node tries sqrt(d) of the d features, drawn among those that vary in it, and takes the
 * threshold with the least Gini impurity. @throws ShapeError, FormatError
 */
export async function trainForest(
  rows: readonly Float32Array[],
  labels: ArrayLike<number>,
  { seed, trees = TREES, ...hooks }: LearnOptions & { trees?: number },
): Promise<Tree[]> {
  checkTraining('forest', rows, labels)
  return workInTurns(hooks, function* (say): Pieces<Tree[]> {
    const table = yield* rankFeatures(rows, labels)
    const forest: Tree[] = []
    for (let t = 0; t < trees; t++) {
      const random = new Random(seed, FOREST_STREAM + t)
      const drawn = Uint32Array.from(rows, () => random.integer(rows.length))
      forest.push(yield* growTree(table, drawn, random))
      say((t + 1) / trees)
    }
    return forest
  })
}

/** Training rows by the ranks of their features, which sort faster than the values and as well. */
interface RankTable {
  labels: ArrayLike<number>
  /** For each feature, the rank of each row's value among the values that occur. */
  ranks: Uint32Array[]
  /** For each feature, the values that occur, in order. */
  values: Float64Array[]
}

function* rankFeatures(rows: readonly Float32Array[], labels: ArrayLike<number>): Pieces<RankTable> {
  const table: RankTable = { labels, ranks: [], values: [] }
  for (let k = 0; k < rows[0]!.length; k++) {
    const values = Float64Array.from(new Set(rows.map((row) => row[k]!))).sort()
    const rankOf = new Map(Array.from(values, (value, rank) => [value, rank]))
    table.values.push(values)
    table.ranks.push(Uint32Array.from(rows, (row) => rankOf.get(row[k]!)!))
    yield
  }
  return table
}

/** How a node is parted: rows whose rank is at most `rank` go left. */
export interface Split {
  feature: number
  rank: number
  /** Rows of both sides times their Gini impurities, summed: 2 high low / rows of each. */
  impurity: number
}

function* growTree(table: RankTable, drawn: Uint32Array, random: Random): Pieces<Tree> {
  const tree = { feature: [], threshold: [], left: [], right: [], high: [] } as Record<keyof Tree, number[]>
  const open: { rows: Uint32Array; parent: number; side: 'left' | 'right' }[] = [
    { rows: drawn, parent: -1, side: 'left' },
  ]
  for (let node = open.pop(); node; node = open.pop()) {
    const { rows, parent, side } = node
    const index = tree.feature.length
    if (parent >= 0) tree[side][parent] = index
    const high = rows.reduce((sum, row) => sum + table.labels[row]!, 0)
    const split = high > 0 && high < rows.length ? bestSplit(table, rows, random) : undefined
    tree.feature.push(split ? split.feature : -1)
    tree.threshold.push(split ? thresholdOf(table, rows, split) : 0)
    tree.left.push(-1)
    tree.right.push(-1)
    tree.high.push(high / rows.length)
    if (split) {
      const ranks = table.ranks[split.feature]!
      open.push({ rows: rows.filter((row) => ranks[row]! > split.rank), parent: index, side: 'right' })
      open.push({ rows: rows.filter((row) => ranks[row]! <= split.rank), parent: index, side: 'left' })
    }
    yield
  }
  return {
    feature: Int32Array.from(tree.feature),
    threshold: Float64Array.from(tree.threshold),
    left: Int32Array.from(tree.left),
    right: Int32Array.from(tree.right),
    high: Float64Array.from(tree.high),
  }
}

/** The best split of sqrt(d) features that vary among these rows; undefined where none does. */
function bestSplit(table: RankTable, rows: Uint32Array, random: Random): Split | undefined {
  const d = table.ranks.length
  const order = Uint32Array.from({ length: d }, (_, k) => k)
  let best: Split | undefined
  let tries = Math.max(1, Math.floor(Math.sqrt(d)))
  for (let i = 0; i < d && tries > 0; i++) {
    const chosen = i + random.integer(d - i)
    const feature = order[chosen]!
    order[chosen] = order[i]!
    const split = splitFeature(table.ranks[feature]!, table.labels, rows)
    if (!split) continue
    tries--
    if (!best || split.impurity < best.impurity) best = { feature, ...split }
  }
  return best
}

/** The best split by one feature; of several equally good ones the lowest; undefined where all rows have one value. */
export function splitFeature(
  ranks: Uint32Array,
  labels: ArrayLike<number>,
  rows: Uint32Array,
): Omit<Split, 'feature'> | undefined {
  // Twice the rank, plus the label: one sort of numbers brings both.
  const n = rows.length
  const keys = new Uint32Array(n)
  let highs = 0
  for (let i = 0; i < n; i++) {
    const row = rows[i]!
    highs += labels[row]!
    keys[i] = 2 * ranks[row]! + labels[row]!
  }
  sortKeys(keys)
  let high = 0
  let best: Omit<Split, 'feature'> | undefined
  for (let i = 0; i < n - 1; i++) {
    const key = keys[i]!
    high += key & 1
    if (key >>> 1 === keys[i + 1]! >>> 1) continue
    const [left, right] = [i + 1, n - i - 1]
    const impurity = (2 * high * (left - high)) / left + (2 * (highs - high) * (right - highs + high)) / right
    if (!best || impurity < best.impurity) best = { rank: key >>> 1, impurity }
  }
  return best
}

/** Most nodes are small, and a call of the engine's sort costs more than sorting a few. */
function sortKeys(keys: Uint32Array): void {
  if (keys.length > FEW) {
    keys.sort()
    return
  }
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!
    let j = i
    for (; j > 0 && keys[j - 1]! > key; j--) keys[j] = keys[j - 1]!
    keys[j] = key
  }
}

/** Midway between the values on both sides, or the lower one where rounding leaves nothing between. */
function thresholdOf({ ranks, values }: RankTable, rows: Uint32Array, { feature, rank }: Split): number {
  const [of, known] = [ranks[feature]!, values[feature]!]
  let next = Infinity
  for (const row of rows) if (of[row]! > rank && of[row]! < next) next = of[row]!
  const [below, above] = [known[rank]!, known[next]!]
  const middle = below + (above - below) / 2
  return middle < above ? middle : below
}

/** The share of high in the leaf that a row falls into. */
function leafOf(tree: Tree, row: ArrayLike<number>): number {
  let node = 0
  while (tree.feature[node]! >= 0) {
    node = (row[tree.feature[node]!]! <= tree.threshold[node]! ? tree.left : tree.right)[node]!
  }
  return tree.high[node]!
}

/** Mean over the trees of the share of high in a row's leaf. */
export const forestScore = (forest: readonly Tree[], row: ArrayLike<number>): number =>
  forest.reduce((sum, tree) => sum + leafOf(tree, row), 0) / forest.length

/** The random forest; its score is the mean over the trees of the share of high in the row's leaf. */
export const learnForest: Learner = async (rows, labels, options) => {
  const forest = await trainForest(rows, labels, options)
  return scoring('forest', rows[0]!.length, (row) => forestScore(forest, row))
}
