// Generated from batchnorm/backward_reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'dy' | 'normaliser' | 'partials' | 'x' | 'y'
    finalize: 'chunk_sums' | 'dbeta' | 'dgamma' | 'sums'
    input: 'bounds' | 'dskip' | 'dx' | 'dy' | 'normaliser' | 'segment_sums' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments' | 'chunks' | 'chunk_rows' | 'tiles'
  constants: 'WORKGROUP' | 'TRAINING' | 'RELU' | 'JOIN'
}>
export default shader
