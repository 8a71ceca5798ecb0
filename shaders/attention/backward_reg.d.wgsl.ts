// Generated from attention/backward_reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    row_statistics: 'dy' | 'lse' | 'rows_out' | 'y'
    query: 'bounds' | 'dq' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
    key: 'bounds' | 'dk' | 'dv' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'own' | 'lse_stride' | 'rows_stride'
  constants: 'WORKGROUP' | 'D4' | 'T' | 'OWN'
}>
export default shader
