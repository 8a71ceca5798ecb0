// Class activation maps in float64, as a case of the fixtures' schema, on random weights whose decisions are clear.
import type { ModelConfig } from '../../src/model/config.ts'
import { summarise } from '../../src/model/summary.ts'
import { map, type NamedArrays, type NdArray } from '../../src/reference/array.ts'
import { gradCam, scaleByMap, stretchMap } from '../../src/reference/grad_cam.ts'
import { rtcan1d } from '../../src/reference/rtcan1d.ts'
import { Random } from '../../src/runtime/random.ts'
import { randomArray, withPrefix } from './golden_values.ts'

const BATCH = 2
/** Larger than float32's rounding of a parameter, and what it may change of a gradient before a ReLU or a maximum has flipped. */
const DISTURBANCE = 1e-6
const CLEAR = 1e-4

/** Parameters, running statistics and inputs, float32 numbers, under the names of a fixture's file. */
function drawStudy(config: ModelConfig, seed: number): NamedArrays {
  const random = new Random(seed)
  const { parameters, buffers } = summarise(config)
  const draw = (shape: readonly number[], of: (v: number) => number = (v) => v) =>
    map(randomArray(random, ...shape), (v) => Math.fround(of(v)))
  const fanIn = (shape: readonly number[]) => shape.slice(1).reduce((a, b) => a * b, 1)
  const study: NamedArrays = new Map()
  for (const { name, shape } of parameters)
    study.set(
      `param.${name}`,
      draw(shape, (v) => v / Math.sqrt(fanIn(shape))),
    )
  for (const { name, shape } of buffers)
    study.set(
      `buffer.${name}`,
      draw(shape, (v) => (name.endsWith('running_var') ? Math.exp(v) : v)),
    )
  study.set('input.eda', draw([BATCH, config.in_channels, config.length]))
  if (config.music_dim > 0) study.set('input.music', draw([BATCH, config.music_dim]))
  return study
}

/** What the fixtures' definition makes of a study, by their names. */
export function camResults(config: ModelConfig, study: NamedArrays): NamedArrays {
  const [eda, music] = [study.get('input.eda')!, study.get('input.music')]
  const inputs = music ? { eda, music } : { eda }
  const network = rtcan1d(config, withPrefix(study, 'param.'), withPrefix(study, 'buffer.'), inputs, false)
  const { logits, taps } = network
  const scores = map(logits, (v, i) => {
    const row = logits.data.subarray(i - (i % config.classes), i - (i % config.classes) + config.classes)
    return v === Math.max(...row) ? 1 : 0
  })
  const plain = network.backward(scores)
  const guided = network.backward(scores, true)
  const results: NamedArrays = new Map([
    ['cam.logits', logits],
    ['cam.saliency.plain', plain.eda],
    ['cam.guided.full', guided.eda],
  ])
  for (const module of ['sca', 'rnta']) {
    const [feature, gradient] = [taps.get(`attention.${module}`), plain.taps.get(`attention.${module}`)]
    if (!feature || !gradient) continue
    const { alpha, map: cam } = gradCam(feature, gradient)
    const up = stretchMap(cam, config.length)
    results
      .set(`cam.feature.${module}`, feature)
      .set(`cam.feature_grad.${module}`, gradient)
      .set(`cam.alpha.${module}`, alpha)
      .set(`cam.cam.${module}`, cam)
      .set(`cam.cam_up.${module}`, up)
      .set(`cam.cam_up_align_corners.${module}`, stretchMap(cam, config.length, true))
      .set(`cam.guided_gradcam.${module}`, scaleByMap(guided.eda, up))
      .set(`cam.guided.from_${module}`, network.backwardFrom(`attention.${module}`, gradient, true).eda)
  }
  return results
}

const norm = ({ data }: NdArray): number => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0))

/** Whether no decision of the network hangs on rounding: slightly other parameters give nearly the same gradients. */
function isClear(config: ModelConfig, study: NamedArrays, results: NamedArrays): boolean {
  const random = new Random(1)
  const moved = new Map(
    [...study].map(([name, array]) => [name, map(array, (v) => v * (1 + DISTURBANCE * random.normal()))]),
  )
  return [...camResults(config, moved)].every(([name, array]) => {
    const reference = results.get(name)!
    const difference = map(array, (v, i) => v - reference.data[i]!)
    return norm(difference) <= CLEAR * norm(reference)
  })
}

/** A case: the file's tensors (`study`) and what is expected of them (`results`). */
export function camCase(config: ModelConfig): { study: NamedArrays; results: NamedArrays } {
  for (let seed = 1; seed < 200; seed++) {
    const study = drawStudy(config, seed)
    const results = camResults(config, study)
    const shows = [...results.values()].every((array) => norm(array) > 0)
    if (shows && isClear(config, study, results)) return { study, results }
  }
  throw new Error('no data without a close decision')
}

/** Bounds of the fixtures' cases: 1e-4 of the largest number, and of the norm. */
export const camExpectations = (results: NamedArrays) =>
  Object.fromEntries(
    [...results].map(([name, { data }]) => {
      const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
      return [name, { atol: 1e-4 * largest, rel_l2: 1e-4 }]
    }),
  )
