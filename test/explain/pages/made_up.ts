// An explained trial whose maps are known numbers, and checks of its maps.
import type { ExplainedRun } from '../../../src/explain/explain.ts'
import type { Explanation } from '../../../src/explain/explanation.ts'
import type { MapArray, Maps } from '../../../src/explain/map_array.ts'
import type { CheckedMap, Sanity } from '../../../src/explain/sanity_tally.ts'

export const POINTS = 480

const over = (shape: number[], of: (row: number, column: number) => number): MapArray => {
  const columns = shape.at(-1)!
  const size = shape.reduce((a, b) => a * b)
  return { shape, data: Float32Array.from({ length: size }, (_, i) => of(Math.floor(i / columns), i % columns)) }
}

/** The map of single signals is 0 but for the second signal, which has -4 in its third eighth and 2 in the last. */
const eighth = (column: number): number => Math.floor((8 * column) / POINTS)
const guided = over([3, POINTS], (row, column) =>
  row !== 1 ? 0 : eighth(column) === 2 ? -4 : eighth(column) === 7 ? 2 : 0,
)

export const maps: Maps = {
  signals: over([3, POINTS], (row, column) => (row + 1) * Math.sin(column / 30)),
  logits: over([2], (_, column) => column),
  gradient: guided,
  guided_gradient: guided,
  rnta_grad_cam: over([POINTS], (_, column) => column / (POINTS - 1)),
  rnta_guided_grad_cam: guided,
  integrated_gradients: over([3, POINTS], (row) => (row === 2 ? 0.5 : 0.25)),
  rnta_attention_0: over([80, 80], (query, key) => (query === key ? 1 : 0)),
  rnta_attention_1: over([160, 80], (_, key) => (key < 40 ? 1 / 40 : 0)),
  sca_gates: over([2, 5], (clip, channel) => 0.2 + 0.1 * channel + 0.05 * clip),
}

export const run: ExplainedRun = {
  ...{
    name: 'lab <7>',
    synthetic: false,
    dimension: 'arousal',
    classes: ['low', 'high'],
    signals: ['origin', 'phasic', 'tonic'],
  },
  ...{ length: POINTS, dropSeconds: 3, modules: ['rnta'] },
}

/** Of 83 s; wrong. */
export const explanation: Explanation = {
  ...{ trial: 'anna/1 & 2', subject: 'anna', stimulus: 'song4', seconds: 83, fold: '2', seen: false },
  ...{ class: 1, predicted: 'high', probability: 0.8125, logit: 1.5, label: 0 },
  ...{ integrated: { steps: 64, baselineLogit: 0.5, gap: 0.01 }, maps },
}

const curve = (area: number) => ({ curve: [1, 0], area, randomCurve: [1, 0], randomAreas: [0.4, 0.6] })
const checked = (map: string, passes: CheckedMap['passes']): CheckedMap => ({
  ...{ map, passes, deletion: curve(0.3), insertion: curve(0.7) },
  randomised: [
    { layer: 'output', correlation: 0.91, trials: 1 },
    { layer: 'conv', correlation: null, trials: 0 },
  ],
})

export const sanity: Sanity = {
  ...{ seed: 4, trials: ['anna/1 & 2'], checks: ['randomised', 'deletion', 'insertion'] },
  maps: [checked('rnta_grad_cam', ['deletion', 'insertion']), checked('integrated_gradients', [])],
  doubted: ['integrated_gradients'],
}
