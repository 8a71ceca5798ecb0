// Generated from batchnorm_backward.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'dy' | 'normaliser' | 'partials' | 'x'
    finalize: 'chunk_sums' | 'dbeta' | 'dgamma' | 'sums'
    input: 'bounds' | 'dx' | 'dy' | 'gamma' | 'normaliser' | 'segment_sums' | 'x'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments' | 'chunks' | 'chunk_rows'
  constants: 'WORKGROUP' | 'TRAINING'
}>
export default shader
