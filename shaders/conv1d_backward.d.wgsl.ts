// Generated from conv1d_backward.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    input: 'dx' | 'dy' | 'w'
    weight: 'dy' | 'partials' | 'x'
    bias: 'dy' | 'partials'
    reduce: 'chunk_sums' | 'result'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'chunks' | 'chunk_rows' | 'result_quads'
  constants: 'WORKGROUP' | 'TM' | 'TQ'
}>
export default shader
