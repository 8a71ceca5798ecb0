// Generated from sca.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'expand_bias' | 'expand_weight' | 'reduce_bias' | 'reduce_weight' | 'saved_out' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'clips' | 'channels' | 'channel_quads' | 'hidden_quads'
  constants: 'WORKGROUP' | 'C4' | 'H4' | 'LINES' | 'SUMS'
  values: 'WORKGROUP' | 'C4' | 'H4' | 'LINES' | 'SUMS' | 'SHORT_SUM'
}>
export default shader
