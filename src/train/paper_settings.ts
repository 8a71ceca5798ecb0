// How a run differs from what the paper describes (sections 3 to 5), setting by setting.
import { presets } from '../model/config.ts'
import type { RunConfig } from './config.ts'

/** A setting that is not the paper's. */
export interface Departure {
  setting: string
  paper: string
  here: string
}

/** What the paper does not tell of a run, or leaves to whoever repeats it. */
const FREE = ['dimension', 'seed', 'foldSeed', 'model.preset', 'model.classes']

/** Settings that are tried under a name of their own. */
const OF_OPTIMIZER = ['weightDecay', 'momentum']

/** What a setting may be; of a list its values. */
type Value = string | number | boolean | readonly (string | number)[] | undefined

/** As the paper has it; a text where it gives no value. */
const PAPER: Readonly<Record<string, Value>> = {
  target: 'class',
  labels: 'two-means',
  folds: 'subject:10',
  validation: 0,
  signals: ['origin', 'phasic', 'tonic'],
  drop: 3,
  interpolation: 'linear',
  init: 'paper',
  'optimizer.name': 'sgd',
  'optimizer.momentum': 0,
  'optimizer.weightDecay': 0,
  learningRate: 0.001,
  decay: 0.9,
  decayEpochs: 15,
  epochs: 'not given',
  batch: 256,
  ...flat(presets.paper, 'model.'),
}

/**
 * The settings in which a run differs from the paper's, in the order of its configuration. Where the paper is silent (epochs) the run's value
 * is told too; momentum and weight decay, which it does not mention, count as none. Patience counts where something is held out.
 */
export function departures(config: RunConfig): Departure[] {
  const { patience: _, target = 'class', interpolation = 'linear', alternatives = {}, ...rest } = config
  const here = flat({ target, ...rest, interpolation, ...(config.validation > 0 && { patience: config.patience }) })
  for (const [name, values] of Object.entries(alternatives))
    here[OF_OPTIMIZER.includes(name) ? `optimizer.${name}` : name] = `${values.join(' or ')}, chosen in each fold`
  const names = [...new Set([...Object.keys(here), ...Object.keys(PAPER)])].filter((name) => !FREE.includes(name))
  return names.flatMap((setting) => {
    const [paper, own] = [written(PAPER[setting]), written(here[setting])]
    return paper === own ? [] : [{ setting, paper, here: own }]
  })
}

function flat(value: object, before = ''): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, Value | object]) =>
      typeof inner === 'object' && !Array.isArray(inner)
        ? Object.entries(flat(inner, `${before}${key}.`))
        : [[`${before}${key}`, inner as Value]],
    ),
  )
}

const written = (value: Value): string =>
  value === undefined ? 'none' : typeof value === 'object' ? value.join(', ') : String(value)
