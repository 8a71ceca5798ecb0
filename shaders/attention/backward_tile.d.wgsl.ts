// Generated from attention/backward_tile.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    query: 'bounds' | 'dq' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
    key: 'bounds' | 'dk' | 'dv' | 'dy' | 'k' | 'q' | 'rows_in' | 'v'
  }
  params: 'batch' | 'queries' | 'keys' | 'clips' | 'tiles' | 'rows_stride'
  constants: 'WORKGROUP' | 'D4' | 'T' | 'TILE'
}>
export default shader
