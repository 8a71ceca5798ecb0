// galvani/kernels/define: kernels of one's own, checked like ours. It alone carries a parser of WGSL.

export { defineKernel, type KernelSource } from './reflection/define_kernel.ts'
export { checkKernel, type KernelCheck, type KernelTrial } from './reflection/check_kernel.ts'
export type { Shader, ShaderTypes } from './runtime/shader.ts'
