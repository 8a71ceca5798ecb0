// Where a class's score comes from: gradients at the attention modules and at the signals, and the maps that are made of them. All of it
// is read off the network's own taps.
import { gradCam, scaleByMap, stretchMap } from '../kernels/grad_cam.ts'
import { guidedGradients, inputGradients } from '../kernels/input_gradients.ts'
import type { Rtcan1d, RtcanDifferentiable, RtcanInputs } from '../model/rtcan1d.ts'
import type { Plan } from '../runtime/plan.ts'
import { extent } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** Signal channel attention and residual non-local temporal attention, in front of the residual part. */
export const MODULES = ['sca', 'rnta'] as const
/** An attention module of the network. */
export type Module = (typeof MODULES)[number]

/** Where the network leaves a module's output, [B, L', C]. */
export const tapOf = (module: Module): string => `attention.${module}`

/** Maps of one module. */
export interface ModuleTensors {
  /** The module's output and the score's gradient there, [B, L', C]. */
  feature: Tensor
  gradient: Tensor
  /** Weights of the channels, [B, C]. */
  alpha: Tensor
  /** Grad-CAM at the module's own length, [B, L'], and at the signals', [B, L]. */
  map: Tensor
  gradCam: Tensor
  /** The latter times the guided gradient of the signals, [B, L, signals]. */
  guidedGradCam: Tensor
}

/** What `recordMaps` records. */
export interface MapTensors {
  forward: RtcanDifferentiable
  /** The score's gradient by the signals, plain and guided, [B, L, signals]. */
  gradient: Tensor
  guided: Tensor
  /** Of the modules that the network has. */
  modules: Map<Module, ModuleTensors>
}

/** What is asked for: a row of `scores` [B, classes] holds 1 for the class whose logit is explained, and 0 elsewhere. */
export interface MapInputs {
  inputs: RtcanInputs
  scores: Tensor
}

/** Records the score's plain gradient by the signals, in evaluation: batch normalisation goes by running statistics. */
export function recordGradient(p: Plan, model: Rtcan1d, { inputs, scores }: MapInputs) {
  const forward = model.forward(p, inputs, { training: false, gradients: inputGradients, inputGradient: true })
  return { forward, gradient: forward.backward(scores) }
}

/** Records Grad-CAM and guided Grad-CAM of every attention module of the network; in evaluation. @throws UsageError for a network that reads no signals */
export function recordMaps(p: Plan, model: Rtcan1d, asked: MapInputs): MapTensors {
  const { forward, gradient } = recordGradient(p, model, asked)
  const gradients = new Map(forward.tapGradients)
  const guided = forward.backward(asked.scores, guidedGradients)
  const here = MODULES.filter((module) => gradients.has(tapOf(module)))
  const modules = here.map((module): [Module, ModuleTensors] => {
    const name = tapOf(module)
    const [feature, arriving] = [forward.taps.get(name)!, gradients.get(name)!]
    const { alpha, map } = gradCam(p, feature, arriving, `${name} grad-cam`)
    const wide = stretchMap(p, map, extent(guided.shape, 1), false, `${name} grad-cam of the signals`)
    const guidedGradCam = scaleByMap(p, guided, wide, `${name} guided grad-cam`)
    return [module, { feature, gradient: arriving, alpha, map, gradCam: wide, guidedGradCam }]
  })
  return { forward, gradient, guided, modules: new Map(modules) }
}
