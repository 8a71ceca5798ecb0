// Networks of other widths, and networks to compare with that are as large.
import { describe, expect, it } from 'vitest'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { summarise } from '../../src/model/summary.ts'
import { scaleWidths, withEqualSize } from '../../src/model/widths.ts'
import { UsageError } from '../../src/runtime/errors.ts'

const widthsOf = ({ channels, stage_channels, hidden }: ModelConfig) => [channels, stage_channels, hidden]
const count = (model: ModelConfig) => summarise(model).parameterCount

describe('a width', () => {
  it.each([
    [1, [64, [64, 64, 64, 64], [256, 128]]],
    [1 / 8, [8, [8, 8, 8, 8], [32, 16]]],
    [0.3, [19, [19, 19, 19, 19], [77, 38]]],
    [1.5, [96, [96, 96, 96, 96], [384, 192]]],
    // No less than the reduction of the channel attention.
    [0.01, [8, [8, 8, 8, 8], [3, 1]]],
  ])('of %d scales all layers alike', (factor, widths) => {
    const scaled = scaleWidths(presets.paper, factor)
    expect(widthsOf(scaled)).toEqual(widths)
    expect({ ...scaled, ...{ channels: 64, stage_channels: [64, 64, 64, 64], hidden: [256, 128] } }).toEqual(
      presets.paper,
    )
    expect(count(scaled)).toBeGreaterThan(0)
  })

  it('keeps what each layer’s attention needs, and no more', () => {
    const narrow = (change: Partial<ModelConfig>) =>
      scaleWidths({ ...presets.paper, stage_channels: [64, 128, 256, 512], ...change }, 1e-3)
    const least = (change: Partial<ModelConfig>) => [narrow(change).channels, narrow(change).stage_channels[0]]
    expect(narrow({}).stage_channels).toEqual([8, 8, 8, 8])
    expect(least({ sca_reduction: 5 })).toEqual([5, 5])
    expect(least({ unit_sca: false })).toEqual([8, 8])
    expect(least({ unit_sca: false, attention: 'rnta' })).toEqual([2, 2])
    expect(least({ unit_sca: false, attention: 'none' })).toEqual([1, 1])
    expect(least({ unit_sca: false, shallow: false })).toEqual([1, 1])
    expect(least({ attention: 'none' })).toEqual([8, 8])
    expect(least({ network: 'cnn' })).toEqual([1, 1])
    for (const change of [{}, { attention: 'rnta' as const }, { attention: 'parallel' as const }])
      expect(count(narrow(change))).toBeGreaterThan(0)
    // What is narrower to begin with stays as it is, and is refused where layers are made.
    expect(scaleWidths({ ...presets.paper, channels: 4 }, 0.5).channels).toBe(4)
  })

  it.each([0, -1, NaN, Infinity])('of %d is refused', (factor) =>
    expect(() => scaleWidths(presets.paper, factor)).toThrow(
      new UsageError(`the width is ${factor}, expected a positive number such as 1/8`),
    ),
  )
})

describe('a network to compare with', () => {
  const cases = (['paper', 'released'] as const).flatMap((preset) =>
    [0, 6373].flatMap((music_dim) =>
      [
        [1, 2500, 14],
        [1 / 2, 2500, 14],
        [1 / 4, 2500, 14],
        [1 / 8, 1300, 5],
        [1 / 8, 320, 2],
      ].map(([width, length, final_pool]) => ({
        preset,
        music_dim,
        width: width!,
        length: length!,
        final_pool: final_pool!,
      })),
    ),
  )
  it.each(cases)('has as many parameters within 10 %%: %o', ({ preset, width, ...settings }) => {
    const model = scaleWidths({ ...presets[preset], ...settings }, width)
    for (const network of ['cnn', 'mlp'] as const) {
      const equal = withEqualSize({ ...model, network })
      expect(equal).toMatchObject({ ...settings, preset, network, in_channels: 3, depth: 1 })
      expect(Math.abs(count(equal) / count(model) - 1), network).toBeLessThan(0.1)
    }
  })

  it('of convolutions has its own in proportion, one wider at a time', () => {
    const table6: ModelConfig = {
      ...presets.paper,
      ...{ stage_channels: [64, 128, 256, 512], music_dim: 0, network: 'cnn' },
    }
    const { channels, stage_channels, ...others } = withEqualSize(table6)
    expect({ ...others, channels: 64, stage_channels: table6.stage_channels }).toEqual(table6)
    const [whole, own] = [1024, channels + stage_channels.reduce((a, b) => a + b)]
    expect(own).toBeGreaterThan(whole)
    for (const [i, width] of [channels, ...stage_channels].entries())
      expect(Math.abs(width - ([64, ...table6.stage_channels][i]! * own) / whole)).toBeLessThanOrEqual(1)
  })

  it('of hidden layers has at least one unit, and needs a layer', () => {
    const narrow = scaleWidths({ ...presets.paper, music_dim: 0, network: 'mlp' }, 1 / 8)
    expect(withEqualSize(narrow).hidden).toEqual([1, 1])
    expect(() => withEqualSize({ ...narrow, hidden: [] })).toThrow(/^model setting hidden is \[\]/)
    const one = withEqualSize({ ...presets.paper, music_dim: 0, network: 'mlp', hidden: [9] })
    expect(one.hidden).toHaveLength(1)
  })

  it('is the network itself where it is RTCAN-1D, or music alone', () => {
    expect(withEqualSize(presets.paper)).toBe(presets.paper)
    const { network: _, ...before } = presets.paper
    expect(withEqualSize(before)).toBe(before)
    expect(withEqualSize({ ...presets.paper, network: 'music' }).hidden).toEqual([256, 128])
  })
})
