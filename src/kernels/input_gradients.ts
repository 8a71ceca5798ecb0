// Backward passes that ask what an input does to a result, not how to change the weights: no gradient of a parameter is computed.
import { batchNormBackward } from './batchnorm.ts'
import { relu, reluBackward } from './elementwise.ts'
import { gradients, type Gradients } from './gradients.ts'
import { linearBackwardInput } from './linear.ts'
import { PartialSums } from './partial_sums.ts'
import { scaBackward } from './sca.ts'

/** `gradients` without those of the parameters, which stay as they were. */
export const inputGradients: Gradients = {
  ...gradients,
  conv1dBackwardWeight: () => undefined,
  linearBackward: (p, dy, x, w, _dw, _dbias, label) => linearBackwardInput(p, dy, x.shape, w, label),
  scaBackward: (p, dy, saved, t, d, options, label) =>
    scaBackward(p, dy, saved, t, d, { ...options, sums: new PartialSums(p) }, label),
  batchNormBackward: (p, dy, saved, _, label) => batchNormBackward(p, dy, saved, null, label),
}

/**
 * Guided backpropagation (Springenberg et al. 2015): every ReLU stops what is negative in the gradient, as well as what it stopped on its
 * way forward. The ReLUs are those of the network, at the end of a batch normalisation or a join, and within channel attention.
 */
export const guidedGradients: Gradients = {
  ...inputGradients,
  reluBackward: (p, dy, y) => reluBackward(p, relu(p, dy), y),
  scaBackward: (p, dy, saved, t, d, options, label) =>
    inputGradients.scaBackward(p, dy, saved, t, d, { ...options, guided: true }, label),
  // Both of a join see the same positive gradient: what the outer one lets pass needs no stop at the inner one.
  batchNormBackward: (p, dy, saved, d, label) => {
    const { relu: inner, join } = saved.mode
    return inputGradients.batchNormBackward(p, inner || join?.relu ? relu(p, dy) : dy, saved, d, label)
  },
}
