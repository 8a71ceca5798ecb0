// Generated from batchnorm/column.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'beta' | 'gamma' | 'running_mean' | 'running_var' | 'skip' | 'stats_out' | 'x' | 'y'
    backward: 'dbeta' | 'dgamma' | 'dskip' | 'dx' | 'dy' | 'stats_in' | 'x' | 'y_in'
  }
  params: 'rows' | 'quads' | 'momentum' | 'eps' | 'relu' | 'join' | 'join_relu'
  constants: 'WORKGROUP' | 'QUADS' | 'RELU' | 'JOIN'
  values: 'WORKGROUP' | 'QUADS' | 'SHORT_SUM'
}>
export default shader
