// Generated from batchnorm/backward_reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'dy' | 'partials_out' | 'stats_in' | 'x' | 'y'
    finalize: 'dbeta' | 'dgamma' | 'partials_in' | 'sums_out'
    input: 'bounds' | 'dskip' | 'dx' | 'dy' | 'stats_in' | 'sums_in' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'clips' | 'chunks' | 'chunk_rows' | 'tiles'
  constants: 'WORKGROUP' | 'TRAINING' | 'RELU' | 'JOIN'
  values: 'WORKGROUP' | 'SHORT_SUM' | 'ROWS'
}>
export default shader
