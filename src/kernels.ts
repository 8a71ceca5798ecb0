// galvani/kernels: the operators, forward and backward, for networks of one's own. Each records dispatches on a `Plan`.

// Layers
export {
  conv1d,
  conv1dBackwardInput,
  conv1dBackwardWeight,
  convWeightShape,
  type ConvGeometry,
} from './kernels/conv1d/conv1d.ts'
export { linear, linearBackward, linearWeightShape } from './kernels/linear.ts'
export { batchNorm, batchNormBackward } from './kernels/batchnorm.ts'
export { add, relu, reluBackward, sigmoid, sigmoidBackward } from './kernels/elementwise.ts'
export { pool1d, pool1dBackward, type PoolGeometry } from './kernels/pool.ts'
export { sca, scaBackward } from './kernels/sca.ts'
export { attention, attentionBackward } from './kernels/attention.ts'
export { clipMean, clipMeanBackward } from './kernels/clip_mean.ts'
export { clipBounds, oneClip, type ClipBounds } from './kernels/clip_bounds.ts'

// Losses and optimizers
export { oneHot, softmax, softmaxBackward, softmaxCrossEntropy } from './kernels/softmax.ts'
export { optimizerStateCount, optimizerStep, stepRate, type OptimizerConfig } from './kernels/optimizer.ts'

// All backward passes of the network, for `Rtcan1d.forward` of galvani
export { gradCam, scaleByMap, stretchMap } from './kernels/grad_cam.ts'
export { gradients, type Gradients } from './kernels/gradients.ts'
export { guidedGradients, inputGradients } from './kernels/input_gradients.ts'

// Layouts, on the device and on the host
export { channels, type ChannelSettings } from './kernels/channels.ts'
export { channelsLast, concat, flatten, flattenBackward, slice } from './kernels/layout.ts'
export { packWeight, toChannelsFirst, toChannelsLast, unpackWeight } from './kernels/host_layout.ts'

// What a plan costs, and results that come back while it goes on
export { describePlan, planCost, type DispatchCost, type PlanCost } from './runtime/plan_report.ts'
export { ReadbackRing } from './runtime/readback.ts'

// Which kernels a device uses, where an operator has several
export { kernelChoices, type KernelChoices } from './kernels/choices.ts'
