import { describe, expect, it } from 'vitest'
import { presets } from '../../src/model/config.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { departures } from '../../src/train/paper_settings.ts'

const PAPER = resolveRun(
  {
    validation: 0,
    init: 'paper',
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
    batch: 256,
  },
  { musicDim: 6373 },
)

describe('departures from the paper', () => {
  it('are none of its own recipe but the epochs, which it does not give', () => {
    expect(departures({ ...PAPER, dimension: 'valence', seed: 5, epochs: 100 })).toEqual([
      { setting: 'epochs', paper: 'not given', here: '100' },
    ])
  })

  it('name each setting with both values, of the network too', () => {
    const changed = {
      ...PAPER,
      ...{ validation: 0.2, patience: 7, share: 0.4, control: true as const, interpolation: 'antialias' as const },
      optimizer: { name: 'adam' as const, weightDecay: 0 },
      model: { ...presets.paper, stage_channels: [8, 8, 8, 8], music_dim: 0 },
    }
    const found = new Map(departures(changed).map(({ setting, paper, here }) => [setting, [paper, here]]))
    expect(Object.fromEntries(found)).toEqual({
      validation: ['0', '0.2'],
      patience: ['none', '7'],
      share: ['none', '0.4'],
      control: ['none', 'true'],
      interpolation: ['linear', 'antialias'],
      'optimizer.name': ['sgd', 'adam'],
      'optimizer.momentum': ['0', 'none'],
      'model.stage_channels': ['64, 64, 64, 64', '8, 8, 8, 8'],
      'model.music_dim': ['6373', '0'],
      epochs: ['not given', '30'],
    })
  })

  it('are the alternatives where a setting is chosen', () => {
    const alternatives = { batch: [256, 8], weightDecay: [0, 0.5] }
    const found = departures({ ...PAPER, validation: 0.2, alternatives })
    expect(found).toContainEqual({ setting: 'batch', paper: '256', here: '256 or 8, chosen in each fold' })
    expect(found).toContainEqual({
      setting: 'optimizer.weightDecay',
      paper: '0',
      here: '0 or 0.5, chosen in each fold',
    })
    expect(found.map(({ setting }) => setting).filter((name) => /alternatives/.test(name))).toEqual([])
  })
})
