// What only training runs in one value, for whoever trains; a program that only predicts carries none of their kernels.
import { attentionBackward } from './attention.ts'
import { batchNorm, batchNormBackward } from './batchnorm.ts'
import { conv1dBackwardInput, conv1dBackwardWeight } from './conv1d/conv1d.ts'
import { reluBackward, sigmoidBackward } from './elementwise.ts'
import { flattenBackward } from './layout.ts'
import { linearBackward } from './linear.ts'
import { pool1dBackward } from './pool.ts'
import { scaBackward } from './sca.ts'
import { softmaxBackward, softmaxCrossEntropy } from './softmax.ts'
import { squaredError } from './squared_error.ts'

/**
 * What `Rtcan1d.forward` trains with: the loss, the backward pass of each operator, and batch normalisation by the statistics of the
 * batch.
 */
export const gradients = {
  attentionBackward,
  batchNorm,
  batchNormBackward,
  conv1dBackwardInput,
  conv1dBackwardWeight,
  flattenBackward,
  linearBackward,
  pool1dBackward,
  reluBackward,
  scaBackward,
  sigmoidBackward,
  softmaxBackward,
  softmaxCrossEntropy,
  squaredError,
} as const

/** What only training runs, by the names of its operators. */
export type Gradients = typeof gradients
