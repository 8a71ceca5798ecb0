import { checkNames } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'

/** Attention in front of the residual part: none, channels (`sca`), time (`rnta`), or both in this order or side by side. */
export type AttentionKind = 'none' | 'sca' | 'rnta' | 'sca-rnta' | 'rnta-sca' | 'parallel'
/**
 * Pooling in front of the temporal attention's keys and values, as configurations name it: its kind, and the rows of its windows,
 * which do not overlap.
 */
export const RNTA_POOLS = {
  none: { kind: 'average', rows: 1 },
  avg1: { kind: 'average', rows: 1 },
  avg2: { kind: 'average', rows: 2 },
  max2: { kind: 'max', rows: 2 },
} as const satisfies Record<string, { kind: 'max' | 'average'; rows: number }>
export type RntaPool = keyof typeof RNTA_POOLS

/**
 * The paper's network, or one to compare it with under the same settings: `cnn`, its convolutions alone, each with batch
 * normalisation and ReLU, without attention and skip connections; `mlp`, the flattened signals (and the music) in the hidden
 * layers; `music`, the hidden layers on the music alone.
 */
export type NetworkKind = 'rtcan-1d' | 'cnn' | 'mlp' | 'music'

/**
 * Everything that distinguishes one RTCAN-1D from another. Field names are those of weight files and run configurations.
 * Paper: Yin et al., "A Multimodal Framework for Large-Scale Emotion Recognition by Fusing Music and Electrodermal Activity
 * Signals", TOMM 18(3), 2022.
 */
export interface ModelConfig {
  /** Absent, as in files of before there were others: `rtcan-1d`. */
  network?: NetworkKind
  /** `paper`: downsampling before the units of a stage; `released`: inside the first unit, after its attention. */
  preset: 'paper' | 'released'
  /** Signals: 3 (origin, phasic, tonic) or 1 (Table 5). */
  in_channels: number
  channels: number
  /** Width of each residual stage (Table 6). */
  stage_channels: number[]
  /** conv-BN-ReLU repetitions in a unit (Table 6). */
  depth: number
  units_per_stage: number
  /** Samples per signal. */
  length: number
  /** Clips that the attention module sees one by one. */
  clips: number
  /** The shallow convolution and the attention module; without it the residual part reads the signals (Table 8, base). */
  shallow: boolean
  /** Order of the attention module (Tables 7 and 8). */
  attention: AttentionKind
  sca_scope: 'clip' | 'whole'
  sca_reduction: number
  /** Pooling of phi and g in the temporal attention. */
  rnta_pool: RntaPool
  /** Channel attention inside the residual units. */
  unit_sca: boolean
  /** conv k7 s2, BN, ReLU, max pool in front of the stages. */
  stem: boolean
  final_stride: number
  final_pool: number
  /** Music features per song; 0 for EDA only. */
  music_dim: number
  hidden: number[]
  /** Outputs of the classifier: one for each class; 1 is the output of a regression, whose loss is the squared error whatever the head. */
  classes: number
  /** `softmax`: the loss is cross-entropy of the softmax's softmax, as in the released code; of classes alone. */
  head: 'logits' | 'softmax'
}

/** openSMILE's IS13_ComParE and ComParE_2016 static features. */
export const OPENSMILE_FEATURES = 6373

const common = {
  network: 'rtcan-1d' as const,
  in_channels: 3,
  channels: 64,
  stage_channels: [64, 64, 64, 64],
  depth: 1,
  units_per_stage: 2,
  length: 2500,
  clips: 3,
  shallow: true,
  sca_reduction: 8,
  unit_sca: true,
  final_pool: 14,
  music_dim: OPENSMILE_FEATURES,
  hidden: [256, 128],
  classes: 2,
}

/** The network of the paper's text and figures, and that of the authors' released code. */
export const presets: Readonly<Record<ModelConfig['preset'], Required<ModelConfig>>> = /* @__PURE__ */ (() => ({
  paper: {
    ...common,
    preset: 'paper',
    attention: 'sca-rnta',
    sca_scope: 'clip',
    rnta_pool: 'none',
    stem: true,
    final_stride: 1,
    head: 'logits',
  },
  released: {
    ...common,
    preset: 'released',
    attention: 'rnta-sca',
    sca_scope: 'whole',
    rnta_pool: 'max2',
    stem: false,
    final_stride: 3,
    head: 'softmax',
  },
}))()

const integerFields = [
  ['in_channels', 1],
  ['channels', 1],
  ['depth', 1],
  ['units_per_stage', 1],
  ['length', 1],
  ['clips', 1],
  ['sca_reduction', 1],
  ['final_stride', 1],
  ['final_pool', 1],
  ['music_dim', 0],
  ['classes', 1],
] as const

const choices: Partial<Record<keyof ModelConfig, readonly unknown[]>> = {
  network: ['rtcan-1d', 'cnn', 'mlp', 'music'],
  preset: ['paper', 'released'],
  attention: ['none', 'sca', 'rnta', 'sca-rnta', 'rnta-sca', 'parallel'],
  sca_scope: ['clip', 'whole'],
  rnta_pool: /* @__PURE__ */ Object.keys(RNTA_POOLS),
  head: ['logits', 'softmax'],
  shallow: [true, false],
  unit_sca: [true, false],
  stem: [true, false],
}

/** Returns a configuration whose every field is in range; whether the length suffices `summarise` tells. @throws UsageError naming the first field that is not */
export function checkConfig(config: ModelConfig): ModelConfig {
  checkNames('the model', config, presets.paper)
  for (const [field, least] of integerFields) {
    if (!Number.isInteger(config[field]) || config[field] < least) {
      throw new UsageError(`model setting ${field} is ${config[field]}, expected an integer of at least ${least}`)
    }
  }
  for (const [field, allowed] of Object.entries(choices)) {
    const value = config[field as keyof ModelConfig]
    if (!(value === undefined && field === 'network') && !allowed.includes(value)) {
      throw new UsageError(`model setting ${field} is '${String(value)}', expected one of ${allowed.join(', ')}`)
    }
  }
  for (const field of ['stage_channels', 'hidden'] as const) {
    const widths: unknown = config[field]
    if (!Array.isArray(widths) || !widths.every((n) => Number.isInteger(n) && n > 0)) {
      throw new UsageError(`model setting ${field} is ${JSON.stringify(widths)}, expected a list of positive integers`)
    }
  }
  if (config.network === 'music' && config.music_dim === 0)
    throw new UsageError("model setting network is 'music', and music_dim is 0")
  return config
}
