// What a model says of one trial, from the probabilities of its classes.

export interface Answer {
  /** Of class 1, high; of more than two classes, of the one that is predicted. */
  probability: number
  /** The likeliest class, the first of equals, where there are more than two. */
  predicted?: number
}

/** Of a row of class probabilities. */
export function answerOf(row: ArrayLike<number>): Answer {
  if (row.length === 2) return { probability: row[1]! }
  const probabilities = Array.from(row)
  const predicted = probabilities.indexOf(Math.max(...probabilities))
  return { probability: probabilities[predicted]!, predicted }
}

/** High above one half, of two classes. */
export const classOf = ({ probability, predicted }: Answer): number => predicted ?? (probability > 0.5 ? 1 : 0)
