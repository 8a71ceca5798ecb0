// Generated from conv1d/reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bias' | 'w' | 'x' | 'y'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias'
  constants: 'WORKGROUP' | 'TM'
}>
export default shader
