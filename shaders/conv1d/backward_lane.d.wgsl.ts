// Generated from conv1d/backward_lane.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    input: 'dx' | 'dy_rows' | 'onto' | 'w'
    weight: 'dbias' | 'dw' | 'dy' | 'x'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_channels' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias' | 'chunks' | 'chunk_samples' | 'chunk_rows'
  constants: 'SG' | 'TM' | 'TN' | 'ONTO'
}>
export default shader
