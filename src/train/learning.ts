// How a fold learns, besides its optimizer: from which weights, what of them it changes, what its classes weigh, and where its epoch is
// chosen.
import { digest } from '../formats/digest.ts'
import { initialise, type InitKind } from '../model/init.ts'
import type { ModelConfig } from '../model/config.ts'
import { summarise, type ModelSummary } from '../model/summary.ts'
import { transferWeights, type Transfer } from '../model/transfer.ts'
import type { HostTensor, HostTensors } from '../model/weights.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'

/** The settings of a run that are checked here, as `RunConfig` describes them. */
interface Learning {
  model: ModelConfig
  init: InitKind
  seed: number
  validation: number
  choice?: 'test'
  classWeights?: 'balanced'
  freeze?: string[]
  initial?: string
}

/** @throws UsageError naming the first setting that is out of range, or does not fit the others */
export function checkLearning({ model, validation, choice, classWeights, freeze, initial }: Learning): void {
  if (choice !== undefined && choice !== 'test')
    throw new UsageError(`choice is '${String(choice)}', expected test, or nothing for the validation part`)
  if (choice === 'test' && validation > 0)
    throw new UsageError(
      `choice is test, so nobody can be held out to choose the epoch: validation is ${validation}, expected 0`,
    )
  if (classWeights !== undefined && classWeights !== 'balanced')
    throw new UsageError(`classWeights is '${String(classWeights)}', expected balanced, or nothing for none`)
  if (initial !== undefined && !/^[0-9a-f]{64}$/.test(initial))
    throw new UsageError(`initial is '${initial}', expected the SHA-256 of weights, 64 hexadecimal digits`)
  if (freeze !== undefined) frozenParameters(summarise(model), freeze)
}

/**
 * The parameters that keep their values, by patterns of names in which `*` stands for any text.
 * @throws UsageError for a pattern that no parameter has, or when none is left to learn
 */
export function frozenParameters({ parameters }: ModelSummary, patterns: readonly string[] = []): ReadonlySet<string> {
  const frozen = new Set<string>()
  const names = parameters.map(({ name }) => name)
  for (const pattern of patterns) {
    const matched = names.filter((name) => patternOf(pattern).test(name))
    if (matched.length === 0)
      throw new UsageError(`freeze '${pattern}' names no parameter of this network; it has ${names.join(', ')}`)
    for (const name of matched) frozen.add(name)
  }
  if (frozen.size === names.length)
    throw new UsageError(`freeze ${patterns.map((p) => `'${p}'`).join(', ')}: nothing is left to learn`)
  return frozen
}

const patternOf = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)

/**
 * Weights that a fold starts from: random ones, or what of the given weights fits, and then what that was.
 * @throws FormatError when nothing of them fits
 */
export function startingWeights(
  { model, init, seed }: Pick<Learning, 'model' | 'init' | 'seed'>,
  from?: HostTensors,
  source = 'initial weights',
): { weights: Map<string, HostTensor>; transfer?: Transfer } {
  const summary = summarise(model)
  const start = initialise(model, summary, init, seed)
  return from ? transferWeights(summary, start, from, source) : { weights: start }
}

/** SHA-256 of tensors, whatever order they are in: what `RunConfig.initial` says of the weights that a run starts from. */
export function weightsDigest(tensors: HostTensors): Promise<string> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  return digest(sorted.flatMap(([name, { shape, data }]) => [JSON.stringify([name, shape]), Float32Array.from(data)]))
}

/**
 * The settings with the digest of the weights that the run is started from.
 * @throws UsageError when it was started from others, or from some that are not there
 */
export async function withInitial<T extends Pick<Learning, 'initial'>>(config: T, from?: HostTensors): Promise<T> {
  if (!from) {
    if (config.initial === undefined) return config
    throw new UsageError(
      `the run starts from weights (SHA-256 ${config.initial}), and none were handed over: give \`initial\`, or --weights`,
    )
  }
  const initial = await weightsDigest(from)
  if (config.initial !== undefined && config.initial !== initial)
    throw new UsageError(
      `the weights to start from have the SHA-256 ${initial}, and those of the run ${config.initial}: they have changed since`,
    )
  return { ...config, initial }
}

/**
 * What each class counts in the loss: n / (classes x trials of the class) over the training part, so that all classes weigh as much
 * together and a trial 1 on average.
 * @throws FormatError when a class has no trial
 */
export function balancedWeights(labels: ArrayLike<number>, train: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0)
  for (const index of train) counts[labels[index]!]! += 1
  const missing = counts.indexOf(0)
  if (missing >= 0)
    throw new FormatError(
      `no trial of a training part has the class ${missing}, so that its weight is not defined; train without class weights, or with fewer folds`,
    )
  return counts.map((count) => train.length / (classes * count))
}
