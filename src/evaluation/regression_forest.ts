import type { Pieces } from '../runtime/breather.ts'
import { Random } from '../runtime/random.ts'
import { checkFeatures, type LearnOptions } from './learner.ts'
import { FOREST_STREAM } from './random_streams.ts'
import { checkRatedRows, predicting, type Regressor } from './regressor.ts'
import { workInTurns } from './turns.ts'

/** A regression tree as arrays, a node an element; node 0 is the root. */
export interface RegressionTree {
  /** Feature that a node asks for, -1 of a leaf. */
  feature: number[]
  /** A row goes left where its feature is at most this. */
  threshold: number[]
  left: number[]
  right: number[]
  /** Mean rating of the node's training rows, a row that was drawn twice counted twice. */
  rating: number[]
}

const TREES = 200

/**
 * Random forest for regression (Breiman, Machine Learning 45, 2001): 200 trees, each grown on as many rows as there are, drawn with
 * replacement, until the ratings of a leaf are one number or cannot be split; each node tries a third of the features (scikit-learn's
 * max_features = 1/3), drawn among those that vary in it, and takes the threshold that leaves the least squared error.
 * @throws ShapeError, FormatError
 */
export async function trainRegressionForest(
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  { seed, trees = TREES, ...hooks }: LearnOptions & { trees?: number },
): Promise<RegressionTree[]> {
  checkRatedRows('forest', rows, ratings)
  return workInTurns(hooks, function* (say): Pieces<RegressionTree[]> {
    yield* checkFeatures('forest', rows)
    const forest: RegressionTree[] = []
    for (let t = 0; t < trees; t++) {
      const random = new Random(seed, FOREST_STREAM + t)
      const drawn = Uint32Array.from(rows, () => random.integer(rows.length))
      forest.push(yield* growTree(rows, ratings, drawn, random))
      say((t + 1) / trees)
    }
    return forest
  })
}

interface OpenNode {
  rows: Uint32Array
  parent: number
  side: 'left' | 'right'
}

function* growTree(
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  drawn: Uint32Array,
  random: Random,
): Pieces<RegressionTree> {
  const tree: RegressionTree = { feature: [], threshold: [], left: [], right: [], rating: [] }
  const open: OpenNode[] = [{ rows: drawn, parent: -1, side: 'left' }]
  for (let node = open.pop(); node; node = open.pop()) {
    const { rows: own, parent, side } = node
    const index = tree.feature.length
    if (parent >= 0) tree[side][parent] = index
    const isPure = own.every((row) => ratings[row] === ratings[own[0]!])
    const split = isPure ? undefined : bestSplit(rows, ratings, own, random)
    tree.feature.push(split ? split.feature : -1)
    tree.threshold.push(split ? split.threshold : 0)
    tree.left.push(-1)
    tree.right.push(-1)
    tree.rating.push(own.reduce((sum, row) => sum + ratings[row]!, 0) / own.length)
    if (split) {
      const isLeft = (row: number): boolean => rows[row]![split.feature]! <= split.threshold
      open.push({ rows: own.filter((row) => !isLeft(row)), parent: index, side: 'right' })
      open.push({ rows: own.filter(isLeft), parent: index, side: 'left' })
    }
    yield
  }
  return tree
}

/** How a node is parted, and by how much that lowers the sum of its squared errors. */
export interface RegressionSplit {
  feature: number
  threshold: number
  gain: number
}

/** The best split of a third of the features that vary among these rows; undefined where none does. */
function bestSplit(
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  own: Uint32Array,
  random: Random,
): RegressionSplit | undefined {
  const d = rows[0]!.length
  const order = Uint32Array.from({ length: d }, (_, k) => k)
  let best: RegressionSplit | undefined
  let tries = Math.max(1, Math.floor(d / 3))
  for (let i = 0; i < d && tries > 0; i++) {
    const chosen = i + random.integer(d - i)
    const feature = order[chosen]!
    order[chosen] = order[i]!
    const split = splitByFeature(rows, ratings, own, feature)
    if (!split) continue
    tries--
    if (!best || split.gain > best.gain) best = split
  }
  return best
}

/** The best split by one feature; of several equally good ones the lowest; undefined where all rows have one value. */
export function splitByFeature(
  rows: readonly Float32Array[],
  ratings: ArrayLike<number>,
  own: Uint32Array,
  feature: number,
): RegressionSplit | undefined {
  const sorted = own.slice().sort((a, b) => rows[a]![feature]! - rows[b]![feature]! || a - b)
  const n = sorted.length
  const mean = own.reduce((sum, row) => sum + ratings[row]!, 0) / n
  let [left, best] = [0, undefined as RegressionSplit | undefined]
  for (let i = 0; i < n - 1; i++) {
    left += ratings[sorted[i]!]! - mean
    const [below, above] = [rows[sorted[i]!]![feature]!, rows[sorted[i + 1]!]![feature]!]
    if (below === above) continue
    // Of ratings less their mean the sums of both sides are opposite numbers.
    const gain = left ** 2 / (i + 1) + left ** 2 / (n - i - 1)
    if (!best || gain > best.gain) best = { feature, threshold: between(below, above), gain }
  }
  return best
}

/** Midway, or the lower one where rounding leaves nothing between. */
function between(below: number, above: number): number {
  const middle = below + (above - below) / 2
  return middle < above ? middle : below
}

function leafOf(tree: RegressionTree, row: ArrayLike<number>): number {
  let node = 0
  while (tree.feature[node]! >= 0)
    node = (row[tree.feature[node]!]! <= tree.threshold[node]! ? tree.left : tree.right)[node]!
  return tree.rating[node]!
}

/** The random forest; it predicts the mean over the trees of the mean rating in the row's leaf. */
export const learnRegressionForest: Regressor = async (rows, ratings, options) => {
  const forest = await trainRegressionForest(rows, ratings, options)
  const predict = (row: ArrayLike<number>): number =>
    forest.reduce((sum, tree) => sum + leafOf(tree, row), 0) / forest.length
  return predicting('forest', rows[0]!.length, predict)
}
