// Generated from batchnorm/column.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'beta' | 'gamma' | 'running_mean' | 'running_var' | 'skip' | 'stats' | 'x' | 'y'
    backward: 'dbeta' | 'dgamma' | 'dskip' | 'dx' | 'dy' | 'joined' | 'normaliser' | 'x'
  }
  params: 'rows' | 'quads' | 'momentum' | 'eps' | 'relu' | 'join' | 'join_relu'
  constants: 'WORKGROUP' | 'QUADS' | 'RELU' | 'JOIN'
}>
export default shader
