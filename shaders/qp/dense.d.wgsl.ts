// Generated from qp/dense.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    gather: 'A' | 'gradient' | 'h' | 'penalty' | 'x' | 'y' | 'z'
    solve_lower: 'h' | 'inverse_factor' | 'penalty' | 'w'
    solve_upper: 'inverse_factor' | 'penalty' | 'step' | 'w' | 'x'
    constrain: 'A' | 'candidate' | 'penalty' | 'step'
  }
  params: 'n' | 'm' | 'lanes'
  constants: 'WORKGROUP' | 'SIGMA' | 'RELAXATION'
  values: 'WORKGROUP' | 'SIGMA' | 'RELAXATION' | 'FINISHED'
}>
export default shader
