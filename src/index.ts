// galvani: everything here runs in a browser as it is, with no runtime dependency and no side effect on import.

// Device, tensors and plans
export { Gpu } from './runtime/gpu.ts'
export type { AdapterInfo, GpuOptions } from './runtime/gpu_base.ts'
export type { Cpu, CpuOptions } from './runtime/cpu.ts'
export type { Device } from './runtime/device.ts'
export { Plan, type Arguments, type Launch } from './runtime/plan.ts'
export type { Shader, ShaderTypes } from './runtime/shader.ts'
export { Tensor, type DType } from './runtime/tensor.ts'
export { Random } from './runtime/random.ts'
export type { Shape } from './runtime/shape.ts'
export * from './runtime/errors.ts'

// Decomposition of signals: cvxEDA, whole or as they are made
export { decompose } from './cvxeda/decompose.ts'
export { chooseDevice, type AdapterClass, type Work } from './cvxeda/choose_device.ts'
export type { Decomposition, Start } from './cvxeda/decomposition.ts'
export type { DecomposeOptions } from './cvxeda/options.ts'
export type { BaselineCorrection } from './cvxeda/params.ts'
export type { Form, Solver, SolverName } from './cvxeda/solver.ts'
export { decomposeStream, type DecompositionStream } from './cvxeda/stream.ts'
export type { StreamOptions } from './cvxeda/stream_settings.ts'
export type { StreamPart, StreamScale, StreamUpdate } from './cvxeda/smoother.ts'

// Quadratic programs
export { solveQp } from './qp/dense.ts'
export type { QpOptions, QpSolution, QpStatus } from './qp/solution.ts'
export type { QuadraticProgram } from './qp/program.ts'

// The network. All operators are in galvani/kernels; these two are what a plan with a model most often needs beside it.
export { checkConfig, presets, OPENSMILE_FEATURES, type ModelConfig } from './model/config.ts'
export { initialise, type InitKind } from './model/init.ts'
export {
  Rtcan1d,
  type RtcanDifferentiable,
  type RtcanForward,
  type RtcanInputs,
  type RtcanMode,
} from './model/rtcan1d.ts'
export { summarise, type LayerSummary, type ModelSummary, type ParameterSpec } from './model/summary.ts'
export { Weights, type HostTensor, type HostTensors, type TensorFile } from './model/weights.ts'
export { relu } from './kernels/elementwise.ts'
export { optimizerStep, type OptimizerConfig } from './kernels/optimizer.ts'
export { parseSafetensors } from './formats/safetensors.ts'
