// What a run's configuration is by the flags of `train`, for each optimizer, and where no flag is given.
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { refuseGivenTwice } from '../../cli/shared/alternatives.ts'
import { refuseOtherSettings, runConfig } from '../../cli/shared/run_settings.ts'
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

describe('--try', () => {
  const TRIED = ['--try', 'lr=0.01,0.001', '--try', 'weight-decay=0,0.5', '--try', 'init=paper,he']
  const alternatives = { learningRate: [0.01, 0.001], weightDecay: [0, 0.5], init: ['paper', 'he'] }

  it('is a grid of settings, of which the configuration has the first', () =>
    expect(configOf(...TRIED)).toEqual({
      ...resolveRun({ learningRate: 0.01, init: 'paper' }, FACTS),
      alternatives,
    }))

  it.each([
    [['--try', 'labels=median,song'], "--try 'labels=median,song': expected KEY=V1,V2,... with KEY one of lr, decay,"],
    [['--try', 'constructor=1,2'], "--try 'constructor=1,2': expected KEY=V1,V2"],
    [['--try', 'lr'], "--try 'lr': expected KEY=V1,V2,..."],
    [['--try', 'lr=0.1,x'], "--try lr is 'x', expected a number"],
    [['--try', 'batch=8,,4'], "--try batch is '', expected an integer"],
    [['--try', 'lr=0.1,1', '--try', 'lr=2,3'], '--try lr is given twice; name all of its values in one'],
    [['--try', 'lr=0.1'], 'alternatives of learning rate are 0.1, expected two values or more'],
    [['--try', 'lr=0.1,1', '--validation', '0'], '--try chooses settings on the validation part'],
  ])('is refused: %j', (args, message) => expect(() => configOf(...args)).toThrow(message))

  it('is not given beside the option of the same name', () => {
    const given = (...args: string[]) => refuseGivenTwice(addConfigOptions(new Command()).parse(args, { from: 'user' }))
    given(...TRIED, '--batch', '8')
    expect(() => given(...TRIED, '--lr', '0.01')).toThrow(
      '--lr and --try lr both say what it is; leave one of them out',
    )
  })

  it('is asked for again by a run that goes on, or not at all', () => {
    const stored = configOf(...TRIED)
    const again = (...args: string[]) =>
      refuseOtherSettings(addConfigOptions(new Command()).parse(args, { from: 'user' }), stored)
    again()
    again(...TRIED)
    expect(() => again('--try', 'lr=0.01,0.1')).toThrow('--try: this run was started with other settings')
  })
})

describe('a run that goes on', () => {
  const stored = resolveRun({ signals: ['phasic'], model: { channels: 8, depth: 2, hidden: [8, 4] } }, { musicDim: 5 })
  const asked = (...args: string[]) =>
    refuseOtherSettings(addConfigOptions(new Command()).parse(args, { from: 'user' }), stored)

  it.each([
    [[]],
    [['--music', 'auto']], // asks for nothing
    [['--signals', 'phasic']],
    [['--set', 'channels=8', '--set', 'hidden=[8,4]']],
    [['--levels', '2']],
    [['--target', 'class', '--labels', 'two-means']],
    [['--optimizer', 'adam', '--lr', '1e-3', '--seed', '1']],
  ])('may be asked for what it has: %j', (args) => expect(asked(...args)).toBeUndefined())

  it.each([
    ['--music', ['--music', 'none']],
    ['--signals', ['--signals', 'mixed']],
    ['--set', ['--set', 'channels=8', '--set', 'depth=1']],
    ['--set', ['--set', 'hidden=[4,8]']],
    ['--preset', ['--preset', 'released']],
    ['--drop', ['--drop', '0']],
    ['--lr', ['--seed', '1', '--lr', '0.01']],
    ['--levels', ['--levels', '3']],
    ['--target', ['--target', 'rating']],
    ['--labels', ['--labels', 'median']],
    ['--share', ['--share', '0.5']],
    ['--control', ['--control']],
    ['--stratify', ['--stratify']],
    ['--fold-seed', ['--fold-seed', '1']],
  ])('refuses %s where it is another: %j', (option, args) =>
    expect(() => asked(...args)).toThrow(`${option}: this run was started with other settings`),
  )

  it('may be asked for its width, by what it was made of', () => {
    const made = (...args: string[]) => configOf('--set', 'length=2500', ...args)
    const again = (of: RunConfig, ...args: string[]) =>
      refuseOtherSettings(addConfigOptions(new Command()).parse(args, { from: 'user' }), of)
    const cnn = ['--set', 'network=cnn', '--set', 'channels=32', '--width', '1/2']
    expect(made(...cnn).model.channels).not.toBe(16)
    expect(again(made(...cnn), ...cnn)).toBeUndefined()
    expect(again(made('--width', '1/4'), '--width', '0.25')).toBeUndefined()
    expect(() => again(made('--width', '1/4'), '--width', '1/2')).toThrow('--width: this run was started with other')
    expect(() => again(made(...cnn), '--set', 'network=mlp')).toThrow('--set: this run was started with other')
  })

  it('without music may be asked for none', () =>
    expect(
      refuseOtherSettings(addConfigOptions(new Command()).parse(['--music', 'none'], { from: 'user' }), configOf()),
    ).toBeUndefined())
})
