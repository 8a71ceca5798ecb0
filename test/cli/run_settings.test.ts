// What a run's configuration is by the flags of `train`, for each optimizer, and where no flag is given.
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { runConfig } from '../../cli/shared/run_settings.ts'
import { addConfigOptions, type ConfigOptions } from '../../cli/shared/train_options.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { resolveRun } from '../../src/train/defaults.ts'

const FACTS = { musicDim: 0 }
const configOf = (...args: string[]): RunConfig =>
  runConfig(addConfigOptions(new Command()).parse(args, { from: 'user' }).opts<ConfigOptions>(), FACTS)

it('is the library’s where no flag is given', () => expect(configOf()).toEqual(resolveRun({}, FACTS)))

it('has plain steps of sgd, without momentum and decay', () =>
  expect(configOf('--optimizer', 'sgd').optimizer).toEqual({ name: 'sgd', momentum: 0, weightDecay: 0 }))

it.each([
  ['sgd', { momentum: 0.5, weightDecay: 0.25 }],
  ['adam', { weightDecay: 0.25 }],
  ['adamw', { weightDecay: 0.25 }],
])('hands %s what it knows', (name, known) =>
  expect(configOf('--optimizer', name, '--momentum', '0.5', '--weight-decay', '0.25').optimizer).toEqual({
    name,
    ...known,
  }),
)
