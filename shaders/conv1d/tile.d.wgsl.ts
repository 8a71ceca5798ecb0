// Generated from conv1d/tile.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bias' | 'w' | 'x' | 'y'
    input: 'dx' | 'dy' | 'onto' | 'w'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias' | 'chunks' | 'chunk_quads'
  constants: 'ROWS' | 'COLUMNS' | 'DEPTH' | 'TM' | 'TN' | 'WORKGROUP' | 'ROW_LOADS' | 'COLUMN_LOADS' | 'ONTO' | 'PITCH' | 'ACROSS' | 'DOWN'
}>
export default shader
