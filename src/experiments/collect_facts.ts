// What studies say of themselves, beside what the paper says of its own.
import { DIMENSIONS, type Dimension } from '../datasets/trial.ts'
import { balanceOf, twoMeansLabels } from '../evaluation/class_balance.ts'
import { ratedOnce } from '../evaluation/rating_facts.ts'
import { ratingChart } from '../evaluation/rating_chart.ts'
import type { PreparedTrial } from '../train/prepare.ts'
import { factOf, type CollectedFact, type FactRow, type FactTable } from './facts.ts'
import type { CollectedFacts } from './plan_file.ts'
import { described, studyFor, type Study } from './study.ts'

/** Each line of a table of facts, from the study that it is of. */
export function collectFacts(table: FactTable, studies: readonly Study[]): CollectedFacts {
  const rows = table.rows.map((row): CollectedFact => {
    const study = studyFor(studies, row.dataset)
    if (typeof study === 'string') return { ...row, missing: study }
    if (table.fact === 'relabelling') return relabelling(row, study)
    const ours = factOf(table, row, study.set.trials)
    return Object.keys(ours).length > 0
      ? { ...row, ours }
      : { ...row, missing: `${study.set.name} has no such ratings` }
  })
  return { ...table, rows, datasets: studies.map(described) }
}

/** A picture of the subject that the paper draws, or of the first in order of name who can be drawn. */
function relabelling(row: FactRow, { set }: Study): CollectedFact {
  const paper = row.cells.at(-1)!
  const subjects = [...new Set(set.trials.map(({ subject }) => subject))].sort()
  const ordered = subjects.includes(paper) ? [paper] : subjects
  for (const subject of ordered) {
    const ratings = ratedOnce(set.trials.filter((trial) => trial.subject === subject)).map((trial) => trial.ratings)
    if (new Set(ratings.map(({ valence, arousal }) => `${valence} ${arousal}`)).size < 2) continue
    const scale = set.trials.find(({ ratingScale }) => ratingScale)?.ratingScale ?? null
    const picture = ratingChart({ subject, dataset: set.name, ratings, scale, weak: weakOf(set.trials, subject) })
    return {
      ...row,
      picture,
      ...(subject !== paper && { note: `${set.name} has no subject ${paper}; this is ${subject}` }),
    }
  }
  return { ...row, missing: `nobody of ${set.name} has two ratings that differ` }
}

/** Dimensions in which the subject's centres are close together. */
function weakOf(trials: readonly PreparedTrial[], subject: string): Dimension[] {
  return DIMENSIONS.filter((dimension) => {
    const labelled = twoMeansLabels(trials, dimension)
    return labelled !== null && balanceOf(labelled).weak.includes(subject)
  })
}
