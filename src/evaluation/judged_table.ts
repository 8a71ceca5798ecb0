import { groupBy } from '../datasets/group.ts'
import { NumericError, ShapeError } from '../runtime/errors.ts'
import { BASELINES, type JudgedTrial } from './judgement.ts'

/** A trial of one of several repeats. */
interface RepeatedTrial {
  trial: string
  subject: string
  fold: string
  seed: number
}

/** Trials by repeat, each repeat with the same trials in the same order. */
export interface Repeats<T> {
  /** Ascending. */
  seeds: number[]
  /** Names, in order. */
  subjects: string[]
  folds: string[]
  /** Of each trial, in order of the trials' names: index of its subject. */
  subjectOf: Uint32Array
  subjectNames: string[]
  /** The trials as each seed's models judge them. */
  repeats: T[][]
}

/** Judged trials by repeat. */
export interface JudgedTable extends Repeats<JudgedTrial> {
  /** Of each trial, in order of the trials' names. */
  labels: Uint8Array
}

/** @throws ShapeError for trials that do not fit, NumericError for a score that is none */
export function tabulate(trials: readonly JudgedTrial[]): JudgedTable {
  trials.forEach(checkTrial)
  const table = byRepeat(trials, 'label', ({ label }) => label)
  return { ...table, labels: Uint8Array.from(table.repeats[0]!, ({ label }) => label) }
}

/** Trials by repeat; `truthOf` is the `truth` of a trial, which all repeats must agree in. @throws ShapeError for trials that do not fit */
export function byRepeat<T extends RepeatedTrial>(
  trials: readonly T[],
  truth: string,
  truthOf: (trial: T) => number,
): Repeats<T> {
  if (trials.length === 0) throw new ShapeError('judge: there are no trials')
  const bySeed = [...groupBy(trials, ({ seed }) => String(seed)).values()].sort(([a], [b]) => a!.seed - b!.seed)
  const repeats = bySeed.map((of) => [...of].sort((a, b) => compare(a.trial, b.trial)))
  const first = repeats[0]!
  for (const repeat of repeats) checkRepeat(first, repeat, truth, truthOf)
  const subjects = sortedNames(first.map(({ subject }) => subject))
  const indexOf = new Map(subjects.map((name, i) => [name, i]))
  return {
    seeds: repeats.map(([trial]) => trial!.seed),
    subjects,
    folds: sortedNames(trials.map(({ fold }) => fold)),
    subjectOf: Uint32Array.from(first, ({ subject }) => indexOf.get(subject)!),
    subjectNames: first.map(({ subject }) => subject),
    repeats,
  }
}

/** By code units, the same on every machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const sortedNames = (names: readonly string[]): string[] => [...new Set(names)].sort(compare)

function checkTrial({ trial, seed, label, score, baselines }: JudgedTrial): void {
  if (label !== 0 && label !== 1)
    throw new ShapeError(`judge: trial '${trial}' has the label ${label}, expected 0 or 1`)
  const said: [who: string, score: number | undefined][] = BASELINES.map((name) => [name, baselines[name]])
  for (const [who, value] of [['the model', score] as const, ...said]) {
    if (value === undefined || (value >= 0 && value <= 1)) continue
    throw new NumericError(
      `judge: ${who} gives trial '${trial}' of seed ${seed} the score ${value}, expected a number from 0 to 1`,
    )
  }
}

/** Both are in order of the trials' names. */
function checkRepeat<T extends RepeatedTrial>(
  first: readonly T[],
  repeat: readonly T[],
  truth: string,
  truthOf: (trial: T) => number,
): void {
  const { seed } = repeat[0]!
  for (let i = 0; i < Math.max(first.length, repeat.length); i++) {
    const [a, b] = [first[i], repeat[i]]
    if (b && b.trial === repeat[i + 1]?.trial)
      throw new ShapeError(`judge: seed ${seed} has the trial '${b.trial}' twice`)
    if (a?.trial !== b?.trial) {
      throw new ShapeError(
        `judge: the seeds ${first[0]!.seed} and ${seed} have different trials, the first ${[a?.trial, b?.trial].map((name) => (name === undefined ? 'none' : `'${name}'`)).join(' and ')}; every seed needs the same`,
      )
    }
    if (truthOf(a!) !== truthOf(b!) || a!.subject !== b!.subject)
      throw new ShapeError(
        `judge: the trial '${a!.trial}' has another ${truth} or subject for seed ${seed} than for seed ${first[0]!.seed}`,
      )
  }
}
