// Generated from sca_backward.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    backward: 'dx' | 'dy' | 'expand_weight' | 'onto' | 'partials' | 'reduce_weight' | 'saved_in' | 'x'
  }
  params: 'batch' | 'rows' | 'clips' | 'channel_quads' | 'hidden_quads' | 'onto_used'
  constants: 'WORKGROUP' | 'C4' | 'H4' | 'LINES' | 'SUMS' | 'GUIDED'
  values: 'WORKGROUP' | 'C4' | 'H4' | 'LINES' | 'SUMS' | 'SHORT_SUM'
}>
export default shader
