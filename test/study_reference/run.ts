// A run recomputed from its folder and the study: what each fold may have learned from, what its stored model answers, and what the
// baselines answer beside it. The network is the float64 twin; all else is loops of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelConfig } from '../../src/model/config.ts'
import { ndarray } from '../../src/reference/array.ts'
import { rtcan1d } from '../../src/reference/rtcan1d.ts'
import { linearSvm, majority, songLabel, type Example } from './baselines.ts'
import { readJson, readSafetensors, type StudyTrial, type Tensor } from './files.ts'
import { twoMeansLabels } from './labels.ts'

export interface Epoch {
  epoch: number
  train_loss: number
  validation_loss?: number
  validation_accuracy?: number
}

export interface StoredPrediction {
  trial: string
  subject: string
  stimulus: string
  label: number
  probability: number
  /** Scores in [0, 1], high above a half. */
  baselines: { [name: string]: number; majority: number; svm: number } & { song?: number }
}

export interface StoredFold {
  schema: number
  name: string
  train_trials: number
  validation_trials: number
  test_subjects: string[]
  epochs: Epoch[]
  best_epoch: number
  steps: number
  predictions: StoredPrediction[]
  model: unknown
}

interface Config {
  dimension: 'valence' | 'arousal'
  labels: string
  validation: number
  seed: number
  epochs: number
  batch: number
  patience: number
  model: ModelConfig
}

/** A trial that the run uses. */
export interface Used extends StudyTrial {
  music: number[]
  label: number
}

export interface Scaling {
  mean: number[]
  deviation: number[]
}

export interface Fold {
  stored: StoredFold
  parts: { train: Used[]; validation: Used[]; test: Used[] }
  scaling: Scaling
  /** Probability of high in float64 under the stored weights. */
  probability: (trial: Pick<Used, 'signals' | 'music'>) => number
}

export interface Run {
  config: Config
  trials: Used[]
  folds: Fold[]
}

/** Trials with a rating and music, labelled; all ratings of a person have decided the labels. */
export function usedTrials(study: readonly StudyTrial[], dimension: Config['dimension']): Used[] {
  const labels = twoMeansLabels(study, dimension)
  return study.flatMap((trial) => {
    const label = labels.get(trial.id)
    return trial.music && label !== undefined ? [{ ...trial, music: trial.music, label }] : []
  })
}

/** Mean and deviation of each feature, in float32 as they are stored. */
function scalingOf(trials: readonly Used[]): Scaling {
  const features = trials[0]!.music.map((_, f) => trials.map(({ music }) => Math.fround(music[f]!)))
  const means = features.map((values) => values.reduce((sum, v) => sum + v, 0) / values.length)
  const deviation = features.map((values, f) =>
    Math.fround(Math.sqrt(values.reduce((sum, v) => sum + (v - means[f]!) ** 2, 0) / values.length)),
  )
  return { mean: means.map(Math.fround), deviation }
}

const scaled = (music: readonly number[], { mean, deviation }: Scaling): number[] =>
  music.map((value, f) => (deviation[f] === 0 ? 0 : (value - mean[f]!) / deviation[f]!))

/** Reads a run of `--labels two-means` with music. @throws Error where its folders contradict the study */
export function readRun(folder: string, study: readonly StudyTrial[]): Run {
  const config = readJson<Config>(folder, 'config.json')
  const trials = usedTrials(study, config.dimension)
  const folds = readdirSync(join(folder, 'folds')).sort()
  return { config, trials, folds: folds.map((name) => readFold(join(folder, 'folds', name), config, trials)) }
}

function readFold(folder: string, { model }: Config, trials: readonly Used[]): Fold {
  const stored = readJson<StoredFold>(folder, 'result.json')
  const { tensors, texts } = readSafetensors(readFileSync(join(folder, 'model.safetensors')))
  const known = JSON.parse(texts['subjects']!) as string[]
  const of = (people: readonly string[]): Used[] => trials.filter(({ subject }) => people.includes(subject))
  const scaling: Scaling = {
    mean: [...tensors.get('music.mean')!.data],
    deviation: [...tensors.get('music.deviation')!.data],
  }
  const train = trainedOn(scaling, known, of)
  const parts = {
    train: of(train),
    validation: of(known.filter((person) => !train.includes(person))),
    test: of(stored.test_subjects),
  }
  const arrays = (running: boolean) =>
    new Map(
      [...tensors]
        .filter(([name]) => !name.startsWith('music.') && name.includes('running_') === running)
        .map(([name, { shape, data }]: [string, Tensor]) => [name, ndarray(shape, data)]),
    )
  const [parameters, buffers] = [arrays(false), arrays(true)]
  const answers = new Map<object, number>()
  const probability: Fold['probability'] = (trial) => {
    const { signals, music } = trial
    const inputs = () => ({
      eda: ndarray([1, model.in_channels, model.length], signals),
      music: ndarray([1, music.length], scaled(music, scaling)),
    })
    // Asked for one trial several times, it is answered once: the twin takes its time.
    if (!answers.has(trial)) answers.set(trial, rtcan1d(model, parameters, buffers, inputs(), false).probs.data[1]!)
    return answers.get(trial)!
  }
  return { stored, parts, scaling, probability }
}

/** The only people, of those a model knows, whose trials have this scaling: its training part. @throws Error if there are none, or several */
function trainedOn(scaling: Scaling, known: readonly string[], of: (people: readonly string[]) => Used[]): string[] {
  const found: string[][] = []
  for (let mask = 1; mask < 2 ** known.length; mask++) {
    const people = known.filter((_, i) => (mask >> i) & 1)
    if (JSON.stringify(scalingOf(of(people))) === JSON.stringify(scaling)) found.push(people)
  }
  if (found.length !== 1)
    throw new Error(`the music is scaled as by ${found.length} sets of the people ${known.join(', ')}`)
  return found[0]!
}

export interface Beside {
  majority: number
  song: number | null
  svm: number
}

/** What baselines answer that learned from `known`; of the SVM its decision, high above zero. */
export function baselinesOf(known: readonly Used[], scaling: Scaling): (trial: Used) => Beside {
  const example = (trial: Used): Example => ({
    ...trial,
    vector: Float64Array.from([...trial.signals, ...scaled(trial.music, scaling)]),
  })
  const examples = known.map(example)
  const svm = linearSvm(examples)
  return (trial) => ({
    majority: majority(examples),
    song: songLabel(examples, trial),
    svm: svm(example(trial).vector),
  })
}

/** Those of one fold, which learn from its training and validation parts, by which the music that they hear is scaled. */
export function foldBaselines({ parts }: Fold): (trial: Used) => Beside {
  const known = [...parts.train, ...parts.validation]
  return baselinesOf(known, scalingOf(known))
}

/** Those for other data, which learn from all that the folds learned from, scaled by the same trials. */
export function jointBaselines({ trials, folds }: Run): (trial: Used) => Beside {
  const known = trials.filter((trial) =>
    folds.some(({ parts }) => [...parts.train, ...parts.validation].includes(trial)),
  )
  return baselinesOf(known, scalingOf(known))
}

/** Mean negative log-likelihood and share of hits of a fold's stored model on its validation part. */
export function validationOf({ parts: { validation }, probability }: Fold): { loss: number; accuracy: number } {
  let [loss, hits] = [0, 0]
  for (const trial of validation) {
    const high = probability(trial)
    loss -= Math.log(trial.label === 1 ? high : 1 - high)
    hits += (high > 0.5 ? 1 : 0) === trial.label ? 1 : 0
  }
  return { loss: loss / validation.length, accuracy: hits / validation.length }
}

/** The epoch that a fold must have kept, the first of the best, and the last one that `patience` allows. */
export function expectedHistory(
  { epochs, patience }: Config,
  losses: readonly number[],
): { best: number; last: number } {
  let best = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    if (best === 0 || losses[epoch - 1]! < losses[best - 1]!) best = epoch
    if (epoch - best === patience || epoch === epochs) return { best, last: epoch }
  }
  return { best, last: epochs }
}
