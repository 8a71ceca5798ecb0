// The run configuration that the options of `train` describe, and whether they ask for another than a run has.
import type { Command } from 'commander'
import type { OptimizerConfig } from '../../src/kernels/optimizer.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { alternativesOf, settingsOf } from '../../src/train/alternatives.ts'
import { parseSignals, type RunConfig } from '../../src/train/config.ts'
import { resolveRun, type DataFacts } from '../../src/train/defaults.ts'
import { resolveModel } from '../../src/train/model_settings.ts'
import type { ConfigOptions } from './train_options.ts'

/** Options that are settings of the run under the same names. */
const SAME = [
  ...(['preset', 'music', 'dimension', 'folds', 'validation', 'seed', 'init'] as const),
  ...(['decay', 'decayEpochs', 'epochs', 'batch', 'patience'] as const),
]

/** The same, of settings that a configuration leaves out where nobody asks for them. */
const OPTIONAL = ['labels', 'drop', 'stratify', 'share', 'control', 'foldSeed'] as const

/** @throws UsageError naming the first setting that is out of range or does not fit the others */
export function runConfig(options: ConfigOptions, facts: DataFacts): RunConfig {
  const { optimizer: name, momentum, weightDecay, lr: learningRate, set, levels, width, classWeights, freeze } = options
  const { try: alternatives, target } = options
  const optimizer: OptimizerConfig = name === 'sgd' ? { name, momentum, weightDecay } : { name, weightDecay }
  const settings = Object.fromEntries(SAME.map((option) => [option, options[option]])) as Pick<
    ConfigOptions,
    (typeof SAME)[number]
  >
  const given = Object.fromEntries(
    OPTIONAL.flatMap((option) => (options[option] === undefined ? [] : [[option, options[option]]])),
  ) as Pick<ConfigOptions, (typeof OPTIONAL)[number]>
  const signals = parseSignals(options.signals)
  return resolveRun(
    {
      ...given,
      ...settingsOf({ ...settings, optimizer, learningRate }, alternatives ? alternativesOf(alternatives)[0]! : {}),
      ...{ signals, model: set },
      ...(target !== 'class' && { target }),
      ...(levels !== 2 && { levels }),
      ...(width !== undefined && { width }),
      ...(classWeights && { classWeights }),
      ...(freeze && { freeze }),
      ...(alternatives && { alternatives }),
    },
    facts,
  )
}

/** A run keeps its settings. @throws UsageError naming an option that was given and asks for others */
export function refuseOtherSettings(command: Command, stored: RunConfig): void {
  const options = command.opts<ConfigOptions>()
  for (const option of command.options) {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== 'cli' || agrees(name, options, stored)) continue
    throw new UsageError(
      `${option.long}: this run was started with other settings and keeps them; leave it out, or choose another --out`,
    )
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const WIDTHS = ['channels', 'stage_channels', 'hidden'] as const

/** The network of a run if these options had made it. */
function describedModel({ set, width }: ConfigOptions, stored: ModelConfig): ModelConfig {
  const unscaled = Object.fromEntries(WIDTHS.map((key) => [key, presets[stored.preset][key]]))
  return resolveModel({ ...stored, ...unscaled, ...set }, width)
}

/** True if an option asks for what the run has, or is no setting of the run. */
function agrees(name: string, options: ConfigOptions, stored: RunConfig): boolean {
  const { model, optimizer } = stored
  const settings: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(OPTIONAL.map((option) => [option, undefined])),
    levels: 2,
    target: 'class',
    ...stored,
    ...optimizer,
    preset: model.preset,
    optimizer: optimizer.name,
    lr: stored.learningRate,
  }
  const agreesIn = (keys: readonly string[]): boolean => {
    const described = describedModel(options, model)
    return keys.every((key) => same(described[key as keyof ModelConfig], model[key as keyof ModelConfig]))
  }
  switch (name) {
    case 'set':
      return agreesIn(Object.keys(options.set))
    case 'width':
      return agreesIn(WIDTHS)
    case 'signals':
      return same(parseSignals(options.signals), stored.signals)
    case 'music':
      if (options.music === 'none') return model.music_dim === 0
      return stored.musicFrom === (options.music === 'auto' ? undefined : options.music)
    case 'try':
      return same(options.try, stored.alternatives)
    case 'freeze':
    case 'classWeights':
      return same(options[name], stored[name])
    default:
      return !(name in settings) || same(options[name as keyof ConfigOptions], settings[name])
  }
}
