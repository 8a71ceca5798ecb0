// galvani/training: from trials to a cross-validated run, its report, and predictions. Files go through a Store.

// Data
export { loadDataset, prepareDataset, type Dataset, type DatasetOptions, type PrepareHooks } from './train/dataset.ts'
export { prepareTrials, type PreparedSet, type PreparedTrial, type PrepareOptions } from './train/prepare.ts'
export { loadPrepared, savePrepared } from './train/prepared_files.ts'
export { preparedBefore, prepareFolder, type PrepareFolderOptions } from './train/prepare_folder.ts'
export type { Preparation } from './train/preparation.ts'

// A run: settings, training, report
export { defaultRun, resolveRun, type DataFacts, type RunSettings } from './train/defaults.ts'
export type { RunConfig } from './train/config.ts'
export type { Alternative, Alternatives } from './train/alternatives.ts'
export { makeTask, type Task } from './train/task.ts'
export { trainRun, type RunIdentity, type RunOptions } from './train/run.ts'
export type { RunSummary } from './train/run_summary.ts'
export { trainRatingRun } from './train/rating_run.ts'
export type { RatingRunSummary } from './train/rating_summary.ts'
export { runReport } from './report/html.ts'
export { ratingReport } from './report/rating_html.ts'

// What a run's models say and are worth
export {
  loadRun,
  predict,
  predictRatings,
  type ComputeHooks,
  type Predictions,
  type RatingPredictions,
  type Seen,
  type TrainedRun,
  type TrialPrediction,
  type TrialRating,
} from './train/trained_run.ts'
export { evaluateElsewhere, evaluateRun, type OtherEvaluation, type OwnEvaluation } from './train/evaluate_run.ts'
export {
  evaluateRatingRun,
  evaluateRatingsElsewhere,
  type OtherRatingEvaluation,
  type OwnRatingEvaluation,
} from './train/evaluate_ratings.ts'
export { loadModel, modelTensors, type TrainedModel } from './train/checkpoint.ts'

// What a run's models saw
export {
  explain,
  type ExplainedRun,
  type ExplainedTrials,
  type ExplainOptions,
  type Explanations,
} from './explain/explain.ts'
export { saveExplanation, saveGroup } from './explain/explained_files.ts'
export type { ExplainedGroup, Explanation, Grouping } from './explain/explanation.ts'
export type { MapArray, Maps } from './explain/map_array.ts'
export type { Module } from './explain/maps.ts'
export { checkMaps, type SanityOptions } from './explain/sanity.ts'
export type { Check, CheckedMap, MapCorrelation, MapCurve, Sanity } from './explain/sanity_tally.ts'

// A run for other programs
export { onnxFile, type OnnxOptions } from './export/onnx.ts'
export { modelFileOf, type ModelFormat } from './export/model_file.ts'
export { runTables, taskTables, type SplitTask } from './export/run_tables.ts'
export { tableFile, type Column, type ExportTable, type TableFormat } from './export/table.ts'
export { modelCard } from './export/model_card.ts'
export { eventFileStart, scalarRecord } from './formats/event_file.ts'

// Networks to compare with, and weights of other networks
export { scaleWidths, withEqualSize } from './model/widths.ts'
export { transferWeights, type Transfer } from './model/transfer.ts'
export { weightsDigest } from './train/learning.ts'

// Evaluation without a device
export { labelRatings, labelTrials, type LabelledTrials } from './evaluation/labels.ts'
export { parseLabelScheme, type LabelScheme } from './evaluation/label_scheme.ts'
export { classNames, type Levels, type Target } from './evaluation/targets.ts'
export { makeFolds, parseFoldScheme, type Fold, type FoldPlan, type FoldScheme } from './evaluation/folds.ts'
export { classificationMetrics, type ClassificationMetrics } from './evaluation/metrics.ts'
export { bootstrapSubjects } from './evaluation/bootstrap.ts'
export { pearson, wilcoxonSignedRank } from './evaluation/statistics.ts'
export { binomialLimit, chanceVerdict, holm, holmWithin, type ChanceVerdict } from './evaluation/correction.ts'
export { judge, type JudgeOptions } from './evaluation/judge.ts'
export type { JudgedTrial, Judgement, TwoClassScores } from './evaluation/judgement.ts'
export { judgeRatings, type JudgeRatingsOptions } from './evaluation/judge_ratings.ts'
export type { BesideRatings, JudgedRating, RatingJudgement } from './evaluation/rating_judgement.ts'
export { ratingScores, type RatingScores } from './evaluation/rating_scores.ts'
export { guesserScores, twoClassScores } from './evaluation/two_class_scores.ts'
export { twoMeans, type TwoMeans } from './evaluation/two_means.ts'

// Baselines without a network
export { LEARNERS } from './evaluation/learners.ts'
export type { Learned, Learner, LearnOptions } from './evaluation/learner.ts'
export { REGRESSORS } from './evaluation/regressors.ts'
export type { LearnedRatings, Regressor } from './evaluation/regressor.ts'
export { trainLinearSvm, predictLinearSvm, type LinearSvm, type SvmOptions } from './evaluation/svm.ts'

// Kernels measured on this adapter
export {
  loadTunedKernels,
  TUNE_MODES,
  useTunedKernels,
  type TuneHooks,
  type TuneMode,
  type Workload,
} from './train/tuned_kernels.ts'
export { measureCandidates, type Measured, type MeasureOptions } from './tune/measure.ts'
export { tune, type TuneOptions, type Untuned } from './tune/tune.ts'
export type { AdapterKey, TuneCache, TunedEntry } from './tune/cache.ts'
export type { Clock } from './tune/timer.ts'
export type { Choice } from './runtime/plan.ts'
