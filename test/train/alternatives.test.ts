// The grid of settings that folds choose among: its order, what an alternative changes, and what is refused.
import { describe, expect, it } from 'vitest'
import { alternativeKey, alternativesOf, describeAlternative, settingsOf } from '../../src/train/alternatives.ts'
import { checkRunConfig, type RunConfig } from '../../src/train/config.ts'
import { resolveRun, type RunSettings } from '../../src/train/defaults.ts'

const FACTS = { musicDim: 0 }
const resolve = (settings: RunSettings): RunConfig => resolveRun(settings, FACTS)

describe('alternatives', () => {
  it('are all combinations, in an order that does not depend on how they were written', () => {
    const combined = [
      { learningRate: 0.01, batch: 8 },
      { learningRate: 0.01, batch: 4 },
      { learningRate: 0.001, batch: 8 },
      { learningRate: 0.001, batch: 4 },
    ]
    expect(alternativesOf({ learningRate: [0.01, 0.001], batch: [8, 4] })).toEqual(combined)
    expect(alternativesOf({ batch: [8, 4], learningRate: [0.01, 0.001] })).toEqual(combined)
  })

  it('have a name in words, and another for files', () => {
    const alternative = { init: 'he', learningRate: 1e-7, weightDecay: 0.5 } as const
    expect(describeAlternative(alternative)).toBe('learning rate 1e-7, weight decay 0.5, init he')
    expect(alternativeKey(alternative)).toBe('learningRate-1e-7-weightDecay-0.5-init-he')
  })

  it('change what they name and nothing else', () => {
    const config = resolve({ optimizer: { name: 'sgd', momentum: 0.25, weightDecay: 0.125 } })
    expect(settingsOf(config, {})).toEqual(config)
    expect(settingsOf(config, { weightDecay: 0, epochs: 7 })).toEqual({
      ...config,
      epochs: 7,
      optimizer: { name: 'sgd', momentum: 0.25, weightDecay: 0 },
    })
    expect(settingsOf(config, { momentum: 0 }).optimizer).toEqual({ name: 'sgd', momentum: 0, weightDecay: 0.125 })
  })

  it('give a configuration the first of their values where it has none of its own', () => {
    const alternatives = { learningRate: [0.5, 0.25], weightDecay: [0.1, 0] }
    const config = resolve({ alternatives })
    expect(config).toMatchObject({ learningRate: 0.5, optimizer: { weightDecay: 0.1 }, alternatives })
    expect(resolve({ alternatives, learningRate: 0.25 }).learningRate).toBe(0.25)
  })

  it.each<[string, RunSettings]>([
    ['--try chooses settings on the validation part, and --validation 0 holds out none', { validation: 0 }],
    ['--try chooses settings on the validation part, and choice is test', { validation: 0, choice: 'test' }],
    ['learning rate is 0.125, which is not among its alternatives: 0.5, 0.25', { learningRate: 0.125 }],
    ['alternatives are none', { alternatives: {} }],
    ['alternatives of batch are 8, expected two values or more', { alternatives: { batch: [8] } }],
    ['alternatives of batch are 8, 4, 8, one of them twice', { alternatives: { batch: [8, 4, 8] } }],
    ['batch is 0, expected a positive integer', { alternatives: { batch: [8, 0] } }],
    ['decay is 2, expected a number in (0, 1]', { alternatives: { decay: [0.5, 2] } }],
    ['weight decay is -1, expected', { alternatives: { weightDecay: [0, -1] } }],
    ['momentum is of sgd and cannot be tried: the optimizer is adam', { alternatives: { momentum: [0, 0.5] } }],
    ['alternatives of init are he, zeros, expected he, paper', { alternatives: { init: ['he', 'zeros' as 'he'] } }],
    ["alternatives has no option 'labels'", { alternatives: { labels: ['median', 'song'] } as object }],
  ])('are refused: %s', (message, settings) =>
    expect(() => resolve({ alternatives: { learningRate: [0.5, 0.25] }, ...settings })).toThrow(message),
  )

  it('of a configuration that was written by hand are looked at too', () => {
    const config = { ...resolve({}), alternatives: { epochs: [1, 2] } }
    expect(() => checkRunConfig(config)).toThrow('epochs is 30, which is not among its alternatives: 1, 2')
  })
})
