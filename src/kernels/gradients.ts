// The backward passes in one value, for whoever trains; a program that only predicts carries none of their kernels.
import { attentionBackward } from './attention.ts'
import { batchNormBackward } from './batchnorm.ts'
import { conv1dBackwardInput, conv1dBackwardWeight } from './conv1d/conv1d.ts'
import { reluBackward, sigmoidBackward } from './elementwise.ts'
import { flattenBackward } from './layout.ts'
import { linearBackward } from './linear.ts'
import { pool1dBackward } from './pool.ts'
import { scaBackward } from './sca.ts'
import { softmaxBackward, softmaxCrossEntropy } from './softmax.ts'

/** What `Rtcan1d.forward` records its loss and its backward pass with: the backward pass of each operator that it has. */
export const gradients = {
  attentionBackward,
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
} as const

/** The backward passes by the names of their operators. */
export type Gradients = typeof gradients
