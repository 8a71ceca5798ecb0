import { ShapeError } from '../runtime/errors.ts'

/** Three scores of one class, or a mean of them. */
export interface Scores {
  precision: number
  recall: number
  f1: number
}

/** Scores of predicted against true classes; a ratio without a denominator is 0. */
export interface ClassificationMetrics {
  count: number
  /** [true class][predicted class]. */
  confusion: number[][]
  accuracy: number
  /** Mean recall of the classes that occur. */
  balancedAccuracy: number
  /** For each class. */
  precision: number[]
  recall: number[]
  f1: number[]
  /** Trials of each true class. */
  support: number[]
  /** Unweighted mean over classes. */
  macro: Scores
  /** Mean over classes, weighted by support. */
  weighted: Scores
  /** Over all decisions; equal to accuracy here. */
  micro: Scores
  /** Class 1; two classes only. */
  positive?: Scores
}

/** Compares predicted with true classes, two unless `classes` says more. @throws ShapeError if the lists differ in length or hold a class outside [0, classes) */
export function classificationMetrics(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes = 2,
): ClassificationMetrics {
  const confusion = confusionMatrix(labels, predictions, classes)
  const count = labels.length
  const range = [...Array(classes).keys()]
  const hits = range.map((k) => confusion[k]![k]!)
  const support = confusion.map(sum)
  const predicted = range.map((k) => sum(confusion.map((row) => row[k]!)))
  const precision = range.map((k) => ratio(hits[k]!, predicted[k]!))
  const recall = range.map((k) => ratio(hits[k]!, support[k]!))
  const f1 = range.map((k) => ratio(2 * hits[k]!, support[k]! + predicted[k]!))
  const mean = (values: number[], weights: number[]): number =>
    ratio(sum(values.map((value, k) => value * weights[k]!)), sum(weights))
  const averaged = (weights: number[]): Scores => ({
    precision: mean(precision, weights),
    recall: mean(recall, weights),
    f1: mean(f1, weights),
  })
  const accuracy = ratio(sum(hits), count)
  return {
    count,
    confusion,
    accuracy,
    balancedAccuracy: mean(
      recall,
      support.map((trials) => (trials > 0 ? 1 : 0)),
    ),
    precision,
    recall,
    f1,
    support,
    macro: averaged(range.map(() => 1)),
    weighted: averaged(support),
    micro: { precision: accuracy, recall: accuracy, f1: accuracy },
    ...(classes === 2 && {
      positive: { precision: precision[1]!, recall: recall[1]!, f1: f1[1]! },
    }),
  }
}

function confusionMatrix(labels: ArrayLike<number>, predictions: ArrayLike<number>, classes: number): number[][] {
  if (labels.length !== predictions.length) {
    throw new ShapeError(`metrics: ${labels.length} labels and ${predictions.length} predictions; they must be as many`)
  }
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) {
    const row = confusion[labels[i]!]
    const column = predictions[i]!
    if (row?.[column] === undefined) {
      throw new ShapeError(
        `metrics: trial ${i} has class ${labels[i]}, predicted ${column}; classes are 0 to ${classes - 1}`,
      )
    }
    row[column]++
  }
  return confusion
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)
