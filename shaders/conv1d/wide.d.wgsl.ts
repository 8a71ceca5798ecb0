// Generated from conv1d/wide.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bias' | 'w' | 'x' | 'y'
    input: 'dx' | 'dy' | 'onto' | 'w_numbers'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_channels' | 'in_quads' | 'out_channels' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias' | 'tile_rows'
  constants: 'WORKGROUP' | 'TM' | 'TN' | 'ONTO'
}>
export default shader
