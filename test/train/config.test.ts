// A run's configuration: what settings and data make of it, and what it refuses.
import { describe, expect, it } from 'vitest'
import { presets } from '../../src/model/config.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { checkRunConfig, parseSignals, stepDecay, type RunConfig } from '../../src/train/config.ts'
import { defaultRun, resolveRun, type DataFacts, type RunSettings } from '../../src/train/defaults.ts'

const FACTS: DataFacts = { musicDim: 4 }
const config = resolveRun({}, FACTS)

/** A configuration with the fields of a path, such as `optimizer.momentum`, set. */
function withField(path: string, value: unknown): RunConfig {
  const changed = structuredClone(config) as unknown as Record<string, unknown>
  const [field, inner] = path.split('.') as [string, string?]
  changed[field] = inner ? { ...(changed[field] as object), [inner]: value } : value
  return changed as unknown as RunConfig
}

describe('a configuration', () => {
  const WHOLE = [
    [1, 2, 1000],
    [0, -1, 1.5, NaN, Infinity],
  ] as const
  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['epochs', ...WHOLE],
    ['batch', ...WHOLE],
    ['decayEpochs', ...WHOLE],
    ['patience', ...WHOLE],
    ['learningRate', [1e-30, 1, 10], [0, -0.1, NaN]],
    ['decay', [1e-9, 0.5, 1], [0, -0.5, 1.001, NaN]],
    ['validation', [0, 0.5, 0.999], [-0.001, 1, 2, NaN]],
    ['seed', [0, 1, 4294967295], [-1, 4294967296, 0.5, NaN]],
    ['drop', [0, 0.5, 100], [-0.001, NaN]],
    ['optimizer.weightDecay', [0, 0.1, 2], [-0.001, NaN]],
    ['optimizer.name', ['adam', 'adamw'], ['rmsprop', '', undefined]],
    ['init', ['he', 'paper'], ['xavier', '', undefined]],
    ['dimension', ['arousal', 'valence'], ['dominance', 'quadrant', 'familiarity']], // not by two-means, and of four classes
    ['labels', ['median', 'fixed:3'], ['mean', 'fixed:']],
    ['folds', ['subject:2', 'subject:loo', 'stimulus', 'within-subject:2'], ['subject:1', 'within-subject', 'none']],
    ['levels', [2], [1, 3, 4, 2.5]],
    ['foldSeed', [0, 4294967295], [-1, 0.5, NaN]],
    ['share', [0.01, 1], [0, -0.1, 1.01, NaN]],
    [
      'signals',
      [['phasic', 'origin', 'tonic']],
      [['phasic'], [], ['phasic', 'tonic', 'phasic'], ['phasic', 'tonic', 'eda']],
    ],
    ['model.in_channels', [3], [1, 4]],
    ['model.classes', [2], [1, 3]],
    ['model.length', [2500], [8]],
  ])('has %s of %j, not of %j', (path, good, bad) => {
    for (const value of good) {
      const changed = withField(path, value)
      expect(checkRunConfig(changed), String(value)).toBe(changed)
    }
    for (const value of bad) expect(() => checkRunConfig(withField(path, value)), String(value)).toThrow(UsageError)
  })

  it('has a momentum below 1, where the optimizer has any', () => {
    const sgd = (momentum: number) => withField('optimizer', { name: 'sgd', momentum, weightDecay: 0 })
    for (const momentum of [0, 0.5, 0.999]) expect(checkRunConfig(sgd(momentum))).toEqual(sgd(momentum))
    for (const momentum of [-0.001, 1, NaN]) expect(() => checkRunConfig(sgd(momentum))).toThrow(UsageError)
  })

  it.each([
    ['epochs', 0, 'epochs is 0, expected a positive integer'],
    ['signals', ['origin', 'tonic', 'eda'], "signal 'eda' is unknown; use origin, phasic, tonic"],
    ['signals', ['origin', 'tonic', 'origin'], "signal 'origin' is named twice"],
    ['decayEpochs', 1.5, 'decayEpochs is 1.5, expected a positive integer'],
    ['learningRate', -1, 'learning rate is -1, expected a positive number'],
    ['decay', 2, 'decay is 2, expected a number in (0, 1]'],
    ['validation', 1, 'validation is 1, expected a share in [0, 1)'],
    ['seed', -1, 'seed is -1, expected an integer from 0 to 4294967295'],
    ['foldSeed', -1, 'fold seed is -1, expected an integer from 0 to 4294967295'],
    ['share', 0, 'share is 0, expected a share of the subjects above 0, at most 1'],
    ['dimension', 'liking', "labels 'two-means' are made of valence and arousal together; for --dimension liking use"],
    ['levels', 4, 'levels are 4, expected 2 or 3'],
    ['drop', -1, 'drop is -1, expected seconds of at least 0'],
    ['optimizer.weightDecay', -1, 'weight decay is -1, expected a number of at least 0'],
    ['model.in_channels', 1, 'model setting in_channels is 1, but 3 signals are read (origin, phasic, tonic)'],
    ['model.classes', 3, 'model setting classes is 3, expected 2: low; high'],
  ])('says what is wrong with %s of %j', (path, value, says) =>
    expect(() => checkRunConfig(withField(path, value))).toThrow(says),
  )

  it('has a validation part, where that is to be stratified', () => {
    expect(checkRunConfig(withField('stratify', true)).stratify).toBe(true)
    expect(() => checkRunConfig({ ...config, stratify: true, validation: 0 })).toThrow(
      '--stratify chooses the validation part, and --validation 0 holds out none; leave one of them out',
    )
  })

  it('has as many outputs as there are classes', () => {
    const classesOf = (settings: RunSettings): number => resolveRun(settings, FACTS).model.classes
    expect(classesOf({})).toBe(2)
    expect(classesOf({ dimension: 'quadrant' })).toBe(4)
    expect(classesOf({ levels: 3, labels: 'per-dimension' })).toBe(3)
    expect(classesOf({ dimension: 'liking', labels: 'median' })).toBe(2)
    expect(() => classesOf({ dimension: 'quadrant', model: { classes: 2 } })).toThrow(
      'model setting classes is 2, expected 4: LALV; LAHV; HALV; HAHV',
    )
  })

  it('has a rate that falls in steps, from epoch 0 on', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((epoch) => stepDecay(8, 0.5, 3, epoch))).toEqual([8, 8, 8, 4, 4, 4, 2])
  })

  it('reads all signals or one', () => {
    expect(parseSignals('mixed')).toEqual(['origin', 'phasic', 'tonic'])
    for (const name of ['origin', 'phasic', 'tonic']) expect(parseSignals(name)).toEqual([name])
    expect(() => parseSignals('Phasic')).toThrow("signals 'Phasic' are unknown; use mixed, origin, phasic, tonic")
  })
})

describe('of settings', () => {
  it('none are the defaults, with the network of the paper', () => {
    expect(config).toEqual({
      dimension: 'arousal',
      labels: 'two-means',
      folds: 'subject:10',
      validation: 0.15,
      seed: 1,
      signals: ['origin', 'phasic', 'tonic'],
      init: 'he',
      optimizer: { name: 'adam', weightDecay: 0 },
      learningRate: 0.001,
      decay: 0.9,
      decayEpochs: 15,
      epochs: 30,
      batch: 32,
      patience: 10,
      drop: 3,
      model: { ...presets.paper, in_channels: 3, music_dim: 4 },
    })
  })

  it.each<RunSettings>([
    { dimension: 'valence' },
    { labels: 'median' },
    { folds: 'random:3' },
    { validation: 0 },
    { seed: 0 },
    { init: 'paper' },
    { optimizer: { name: 'sgd', momentum: 0.5, weightDecay: 0.25 } },
    { learningRate: 0.5 },
    { decay: 1 },
    { decayEpochs: 7 },
    { epochs: 8 },
    { batch: 9 },
    { patience: 11 },
    { drop: 0 },
  ])('%j alone changes nothing else', (settings) => {
    expect(resolveRun(settings, FACTS)).toEqual({ ...config, ...settings })
  })

  it.each<[RunSettings, DataFacts, Partial<RunConfig['model']>]>([
    [{ preset: 'released' }, FACTS, { ...presets.released, music_dim: 4 }],
    [{ signals: ['phasic'] }, FACTS, { in_channels: 1 }],
    [{ music: 'none' }, FACTS, { music_dim: 0 }],
    [{ music: 'auto' }, FACTS, { music_dim: 4 }],
    [{}, { musicDim: 0 }, { music_dim: 0 }],
    [{}, { ...FACTS, length: 3000 }, { length: 3000 }],
    [{ model: { depth: 2 } }, { ...FACTS, length: 3000 }, { length: 3000, depth: 2 }],
    // What was chosen wins over what the data say.
    [{ model: { length: 2600, music_dim: 7 } }, { ...FACTS, length: 3000 }, { length: 2600, music_dim: 7 }],
  ])('%j with %j make the network', (settings, facts, model) => {
    expect(resolveRun(settings, facts).model).toEqual({ ...config.model, ...model })
  })

  it('the seconds dropped are those chosen, else those of the data, else the paper’s; none are none', () => {
    const drop = (settings: RunSettings, dropSeconds?: number) =>
      resolveRun(settings, { ...FACTS, ...(dropSeconds !== undefined && { dropSeconds }) }).drop
    expect([drop({}), drop({}, 5), drop({}, 0), drop({ drop: 0 }, 5), drop({ drop: 2 }, 0)]).toEqual([3, 5, 0, 0, 2])
  })

  it('are copied, so that a configuration is nobody else’s', () => {
    const signals: RunConfig['signals'] = ['tonic']
    const own = resolveRun({ signals }, FACTS)
    signals[0] = 'phasic'
    resolveRun({}, FACTS).signals.push('origin')
    expect([own.signals, defaultRun.signals]).toEqual([['tonic'], ['origin', 'phasic', 'tonic']])
  })

  it.each<[RunSettings, string]>([
    [{ epochs: 0 }, 'epochs is 0'],
    [{ model: { in_channels: 1 } }, 'model setting in_channels is 1, but 3 signals are read'],
    [{ folds: 'subject:1' }, 'use at least 2'],
  ])('%j are refused', (settings, says) => {
    expect(() => resolveRun(settings, FACTS)).toThrow(UsageError)
    expect(() => resolveRun(settings, FACTS)).toThrow(says)
  })
})
