// An experiment of two rows on a study that trains in a second: one dimension, three folds.
import type { ExperimentOptions } from '../../src/experiments/plan.ts'
import { planTables } from '../../src/experiments/experiment.ts'
import type { Grid } from '../../src/experiments/grid.ts'
import type { PlanDocument } from '../../src/experiments/plan_file.ts'
import { studyOf, type Study } from '../../src/experiments/study.ts'
import { smallConfig, smallStudy } from '../train/small_task.ts'

const { channels, stage_channels, final_pool, hidden } = smallConfig.model

export const shared: ExperimentOptions['shared'] = {
  ...{ folds: 'column:group', epochs: 1, batch: 5, seed: 3 },
  model: { channels, stage_channels, final_pool, hidden },
}

export const options: ExperimentOptions = { protocols: ['honest'], repeats: 1, control: false, shared }

export const smallGrid: Grid = {
  name: 'small',
  title: 'With and without attention',
  heads: ['Model'],
  scores: ['accuracy'],
  dimensions: ['arousal'],
  rows: [
    { cells: ['none'], settings: { model: { attention: 'none' } }, reported: { arousal: { accuracy: 0.75 } } },
    { cells: ['linear'], method: 'svm' },
  ],
}

/** A study, and the plan of the small grid on it. */
export async function smallPlan(
  change: Partial<ExperimentOptions> = {},
  grid = smallGrid,
): Promise<{ plan: PlanDocument; study: Study }> {
  const study = await studyOf(smallStudy())
  return { study, plan: await planTables({ grids: [grid] }, [study], { ...options, ...change }) }
}
