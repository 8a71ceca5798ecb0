// Generated from attention/backward_lane.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    query: 'bounds' | 'dq' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
    key: 'bounds' | 'dk' | 'dv' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'own_rows' | 'own_quads' | 'rows_stride'
  constants: 'SG' | 'D4' | 'T' | 'OWN' | 'KB' | 'LOADS'
}>
export default shader
