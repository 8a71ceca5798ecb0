import { checkTraining, scoring, type Learner } from './learner.ts'

/**
 * Guesses by the class distribution: its score is the share of high among the training labels, whatever the row. It stands for a
 * guesser that says high with this probability, so `judge` counts it as high by this share and not by whether it is above a half
 * (`guesserScores`).
 */
export const learnGuesser: Learner = async (rows, labels) => {
  checkTraining('guesser', rows, labels)
  let high = 0
  for (let i = 0; i < labels.length; i++) high += labels[i]!
  return scoring('guesser', rows[0]!.length, () => high / labels.length)
}
