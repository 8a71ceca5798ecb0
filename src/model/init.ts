import { Random } from '../runtime/random.ts'
import { sizeOf } from '../runtime/shape.ts'
import type { ModelConfig } from './config.ts'
import type { ModelSummary, ParameterSpec } from './summary.ts'
import type { HostTensor } from './weights.ts'

/**
 * `paper`: weights from N(0, 0.01), read as a standard deviation (section 5.1). `he`: N(0, 2 / fan-in), the practical choice
 * (He et al. 2015). Both: BN scale 1 and shift 0, biases 0; the released preset starts its temporal attention's BN at zero.
 */
export type InitKind = 'paper' | 'he'
export const INIT_KINDS: readonly InitKind[] = ['paper', 'he']

const PAPER_DEVIATION = 0.01

/** Starting values of all parameters and running statistics; each tensor has a random stream of its own. */
export function initialise(
  config: ModelConfig,
  summary: ModelSummary,
  kind: InitKind,
  seed: number,
): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>()
  summary.parameters.forEach((spec, stream) => {
    tensors.set(spec.name, { shape: spec.shape, data: parameterValues(config, spec, kind, new Random(seed, stream)) })
  })
  for (const { name, shape, kind: statistic } of summary.buffers) {
    tensors.set(name, { shape, data: new Float32Array(sizeOf(shape)).fill(statistic === 'variance' ? 1 : 0) })
  }
  return tensors
}

function parameterValues(config: ModelConfig, spec: ParameterSpec, kind: InitKind, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape))
  if (spec.kind === 'bias' || spec.kind === 'shift') return values
  if (spec.kind === 'scale') {
    return values.fill(config.preset === 'released' && spec.name === 'attention.rnta.bn.weight' ? 0 : 1)
  }
  const fanIn = sizeOf(spec.shape.slice(1))
  const deviation = kind === 'paper' ? PAPER_DEVIATION : Math.sqrt(2 / fanIn)
  return values.map(() => deviation * random.normal())
}
