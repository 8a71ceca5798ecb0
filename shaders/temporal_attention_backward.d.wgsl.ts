// Generated from temporal_attention_backward.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    query: 'delta' | 'dq' | 'dy' | 'k' | 'key_bounds' | 'lse' | 'q' | 'query_bounds' | 'v' | 'y'
    key: 'dk' | 'dv' | 'dy' | 'k' | 'key_bounds' | 'lse' | 'q' | 'query_bounds' | 'row_delta' | 'v'
  }
  params: 'batch' | 'queries' | 'keys' | 'segments' | 'tiles' | 'lse_stride'
  constants: 'WORKGROUP' | 'D4'
}>
export default shader
