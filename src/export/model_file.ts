// The model of a fold for other programs.
import { formatNpz } from '../formats/npz.ts'
import { serializeSafetensors } from '../formats/safetensors.ts'
import { modelTensors, type TrainedModel } from '../train/checkpoint.ts'
import type { RunConfig } from '../train/config.ts'
import { onnxFile, type OnnxOptions } from './onnx.ts'

export const MODEL_FORMATS = ['onnx', 'safetensors', 'npz'] as const
/** ONNX is the network as a program; the other two are its tensors by name in PyTorch's order, with `music.mean` and `music.deviation`. */
export type ModelFormat = (typeof MODEL_FORMATS)[number]

/** The file of a trained model. @throws FormatError when the weights are not those of the configuration */
export function modelFileOf(
  config: RunConfig,
  trained: TrainedModel,
  format: ModelFormat,
  options: OnnxOptions = {},
): Uint8Array {
  if (format === 'onnx') return onnxFile(config, trained, options)
  const tensors = modelTensors(trained)
  return format === 'npz' ? formatNpz(Object.fromEntries(tensors)) : serializeSafetensors(tensors, options.metadata)
}
