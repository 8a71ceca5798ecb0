// Generated from conv1d_tile.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'w' | 'x' | 'y'
    forward_bias: 'bias' | 'w' | 'x' | 'y'
    input: 'dx' | 'dy' | 'w'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'chunks' | 'chunk_quads'
  constants: 'WORKGROUP' | 'TM' | 'ROWS' | 'COLUMNS' | 'DEPTH' | 'LOADS'
}>
export default shader
