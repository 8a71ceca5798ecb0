// Settings among which each fold chooses on its validation part: those of training alone, so that data, labels, folds and network, and what a
// validation loss means, are the same under all of them.
import type { OptimizerConfig } from '../kernels/optimizer.ts'
import type { InitKind } from '../model/init.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'

/** A value for each setting that is tried: one point of the grid. Weight decay and momentum are the optimizer's. */
export interface Alternative {
  learningRate?: number
  /** Multiplies the rate every `decayEpochs` epochs. */
  decay?: number
  decayEpochs?: number
  weightDecay?: number
  momentum?: number
  batch?: number
  epochs?: number
  patience?: number
  init?: InitKind
}

/** The values of each setting that is tried, two or more; every combination of them is an alternative. */
export type Alternatives = { [K in keyof Alternative]: NonNullable<Alternative[K]>[] }

/** The settings of a run that can be tried, and those that a choice among them needs. */
interface Tunable extends Required<Omit<Alternative, 'weightDecay' | 'momentum'>> {
  optimizer: OptimizerConfig
}

/** What each is called, in the order in which combinations are made. */
const CALLED: Readonly<Record<keyof Alternative, string>> = {
  learningRate: 'learning rate',
  decay: 'decay',
  decayEpochs: 'epochs between decays',
  weightDecay: 'weight decay',
  momentum: 'momentum',
  batch: 'batch',
  epochs: 'epochs',
  patience: 'patience',
  init: 'init',
}
const SETTINGS = Object.keys(CALLED) as (keyof Alternative)[]
const KNOWN = Object.fromEntries(SETTINGS.map((name) => [name, true])) as Known<Alternatives>
const INITS: readonly InitKind[] = ['he', 'paper']

/** All combinations, the last setting changing fastest: in an order that does not depend on how they were written. */
export const alternativesOf = (alternatives: Alternatives): Alternative[] =>
  SETTINGS.reduce<Alternative[]>(
    (combined, name) => {
      const values = alternatives[name]
      return values ? combined.flatMap((of) => values.map((value) => ({ ...of, [name]: value }))) : combined
    },
    [{}],
  )

/** Settings with those of an alternative in their place. */
export function settingsOf<T extends Tunable>(settings: T, { weightDecay, momentum, ...own }: Alternative): T {
  const { optimizer } = settings
  const ofRule = { ...(weightDecay !== undefined && { weightDecay }), ...(momentum !== undefined && { momentum }) }
  return { ...settings, ...own, optimizer: { ...optimizer, ...ofRule } }
}

/** An alternative in words. */
export const describeAlternative = (alternative: Alternative): string =>
  SETTINGS.flatMap((name) => (alternative[name] === undefined ? [] : [`${CALLED[name]} ${alternative[name]}`])).join(
    ', ',
  )

/** The same as part of a file's name. */
export const alternativeKey = (alternative: Alternative): string =>
  SETTINGS.flatMap((name) => (alternative[name] === undefined ? [] : [`${name}-${alternative[name]}`])).join('-')

/**
 * Whether there is something to choose among, and people to choose on.
 * @param check throws for settings that are out of range
 * @throws UsageError naming the first that is wrong
 */
export function checkAlternatives<T extends Tunable & { validation: number; choice?: 'test' }>(
  config: T,
  alternatives: Alternatives,
  check: (of: T) => void,
): void {
  checkNames('alternatives', alternatives, KNOWN)
  if (config.choice === 'test')
    throw new UsageError('--try chooses settings on the validation part, and choice is test; leave one of them out')
  if (config.validation === 0)
    throw new UsageError(
      '--try chooses settings on the validation part, and --validation 0 holds out none; leave one of them out',
    )
  const tried = SETTINGS.filter((name) => alternatives[name] !== undefined)
  if (tried.length === 0) throw new UsageError('alternatives are none; name a setting with two values or more')
  for (const name of tried) checkValues(config, name, alternatives[name]!)
  for (const alternative of alternativesOf(alternatives)) check(settingsOf(config, alternative))
}

/** Those of one setting: several, each once, and the configuration's own among them, so that it says nothing else. */
function checkValues({ optimizer, ...config }: Tunable, name: keyof Alternative, values: readonly unknown[]): void {
  if (name === 'momentum' && optimizer.name !== 'sgd')
    throw new UsageError(`momentum is of sgd and cannot be tried: the optimizer is ${optimizer.name}`)
  const all = Array.isArray(values) ? values.join(', ') : String(values)
  if (!Array.isArray(values) || values.length < 2)
    throw new UsageError(`alternatives of ${CALLED[name]} are ${all || 'none'}, expected two values or more`)
  if (new Set(values).size < values.length)
    throw new UsageError(`alternatives of ${CALLED[name]} are ${all}, one of them twice`)
  if (name === 'init' && !values.every((value) => INITS.some((known) => known === value)))
    throw new UsageError(`alternatives of init are ${all}, expected ${INITS.join(', ')}`)
  const own = { ...config, ...optimizer, ...(optimizer.name !== 'sgd' && { momentum: undefined }) }[name]
  if (!values.includes(own))
    throw new UsageError(`${CALLED[name]} is ${own}, which is not among its alternatives: ${all}`)
}
