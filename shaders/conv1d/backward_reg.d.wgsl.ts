// Generated from conv1d/backward_reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    input: 'dx' | 'dy' | 'onto' | 'w'
    weight: 'dbias' | 'dw' | 'dy' | 'x'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias' | 'chunks' | 'chunk_rows'
  constants: 'WORKGROUP' | 'TM' | 'TP' | 'TQ' | 'ONTO'
}>
export default shader
