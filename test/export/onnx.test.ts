// What ONNX Runtime makes of an exported network, beside the float64 twin, for every setting that changes its layers.
import * as ort from 'onnxruntime-web'
import { beforeAll, describe, expect, it } from 'vitest'
import { onnxFile, type OnnxOptions } from '../../src/export/onnx.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { summarise } from '../../src/model/summary.ts'
import { map, type NamedArrays, type NdArray } from '../../src/reference/array.ts'
import { rtcan1d } from '../../src/reference/rtcan1d.ts'
import { Random } from '../../src/runtime/random.ts'
import type { TrainedModel } from '../../src/train/checkpoint.ts'
import { defaultRun } from '../../src/train/defaults.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { randomArray } from '../support/golden_values.ts'

const small: Partial<ModelConfig> = {
  ...{ channels: 8, stage_channels: [8, 12], length: 97, sca_reduction: 2, final_pool: 2 },
  ...{ music_dim: 3, hidden: [6, 5] },
}
const settings: [name: string, change: Partial<ModelConfig>][] = [
  ['paper', {}],
  ['released', presets.released],
  ['attention none', { attention: 'none' }],
  ['attention sca', { attention: 'sca' }],
  ['attention rnta', { attention: 'rnta' }],
  ['attention rnta-sca', { attention: 'rnta-sca' }],
  ['attention parallel', { attention: 'parallel' }],
  ['one clip', { clips: 1 }],
  ['clips of unequal length', { clips: 5 }],
  ['channels squeezed over all clips', { sca_scope: 'whole' }],
  ['keys of two, averaged', { rnta_pool: 'avg2' }],
  ['keys of two, the largest', { rnta_pool: 'max2' }],
  ['keys of one', { rnta_pool: 'avg1' }],
  ['no attention in units', { unit_sca: false }],
  ['base', { shallow: false, attention: 'none', unit_sca: false }],
  ['no stem', { stem: false }],
  ['deeper', { depth: 2 }],
  ['one unit a stage', { units_per_stage: 1 }],
  ['no stages', { stage_channels: [] }],
  ['final stride', { final_stride: 3 }],
  ['no hidden layers', { hidden: [] }],
  ['one signal', { in_channels: 1 }],
  ['no music', { music_dim: 0 }],
  ['four classes', { classes: 4 }],
  ['plain convolutions', { network: 'cnn' }],
  ['hidden layers alone', { network: 'mlp' }],
  ['music alone', { network: 'music' }],
]

interface Study {
  config: RunConfig
  trained: TrainedModel
  parameters: NamedArrays
  buffers: NamedArrays
}

/** Weights as training starts from, statistics and shifts drawn, so that none is 0 or 1. */
function studyOf(change: Partial<ModelConfig>): Study {
  const model: ModelConfig = { ...presets.paper, ...change, ...small, ...change, ...(change.preset && small) }
  const random = new Random(7)
  const summary = summarise(model)
  const drawn = new Map<string, NdArray>(
    [...initialise(model, summary, 'paper', 3)].map(([name, { shape, data }]): [string, NdArray] => {
      const values: NdArray = { shape: [...shape], data: Float64Array.from(data) }
      if (name.endsWith('running_var'))
        return [name, map(randomArray(random, ...shape), (v) => Math.fround(Math.exp(v)))]
      if (shape.length === 1)
        return [name, map(randomArray(random, ...shape), (v) => Math.fround(v / 3 + (name.endsWith('weight') ? 1 : 0)))]
      return [name, values]
    }),
  )
  const of = (specs: { name: string }[]): NamedArrays => new Map(specs.map(({ name }) => [name, drawn.get(name)!]))
  const scaling =
    model.music_dim > 0 ? { mean: Float32Array.of(0.5, -2, 7), deviation: Float32Array.of(2, 0.25, 0) } : null
  return {
    config: { ...defaultRun, drop: 3, model },
    trained: { weights: drawn, scaling, subjects: [] },
    parameters: of(summary.parameters),
    buffers: of(summary.buffers),
  }
}

const tensor = ({ shape, data }: NdArray): ort.Tensor => new ort.Tensor('float32', Float32Array.from(data), [...shape])

async function sessionOf({ config, trained }: Study, options?: OnnxOptions): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(onnxFile(config, trained, options), { logSeverityLevel: 3 })
}

/** Largest difference of two results, of the largest value. */
function gap(actual: ort.Tensor, expected: NdArray): number {
  expect(actual.dims).toEqual(expected.shape)
  const values = actual.data as Float32Array
  const largest = Math.max(...expected.data.map(Math.abs))
  return Math.max(...expected.data.map((v, i) => Math.abs(v - values[i]!))) / largest
}

beforeAll(() => {
  ort.env.wasm.numThreads = 1
})

describe('ONNX Runtime says what the network says', () => {
  it.each(settings)('%s', async (_, change) => {
    const study = studyOf(change)
    const { model } = study.config
    const session = await sessionOf(study)
    for (const batch of [1, 7]) {
      const random = new Random(batch)
      const eda = map(randomArray(random, batch, model.in_channels, model.length), Math.fround)
      const heard = map(randomArray(random, batch, model.music_dim), Math.fround)
      const { scaling } = study.trained
      const known = map(heard, (v, i) => {
        const { mean, deviation } = scaling!
        const f = i % mean.length
        return deviation[f]! > 0 ? (v - mean[f]!) / deviation[f]! : 0
      })
      const music = model.music_dim > 0
      const expected = rtcan1d(model, study.parameters, study.buffers, music ? { eda, music: known } : { eda }, false)
      const feeds = { ...(model.network !== 'music' && { eda: tensor(eda) }), ...(music && { music: tensor(heard) }) }
      const { logits, probabilities } = await session.run(feeds)
      expect(gap(logits!, expected.logits)).toBeLessThan(1e-5)
      expect(gap(probabilities!, expected.probs)).toBeLessThan(1e-5)
    }
    await session.release()
  })
})

it('of ratings gives them in their unit, and no probabilities', async () => {
  const study = studyOf({ classes: 1 })
  const scale = { mean: 5.5, deviation: 1.75 }
  const config: RunConfig = { ...study.config, target: 'rating' }
  const session = await ort.InferenceSession.create(onnxFile(config, { ...study.trained, scale }), {
    logSeverityLevel: 3,
  })
  expect(session.outputNames).toEqual(['rating'])
  const random = new Random(2)
  const { model } = config
  const eda = map(randomArray(random, 3, model.in_channels, model.length), Math.fround)
  const inert = Float32Array.from([0.5, -2, 7, 0.5, -2, 7, 0.5, -2, 7])
  const zeros = { shape: [3, 3], data: new Float64Array(9) }
  const { logits } = rtcan1d(model, study.parameters, study.buffers, { eda, music: zeros }, false)
  const { rating } = await session.run({ eda: tensor(eda), music: new ort.Tensor('float32', inert, [3, 3]) })
  expect(
    gap(
      rating!,
      map(logits, (v) => scale.mean + scale.deviation * v),
    ),
  ).toBeLessThan(1e-5)
})
