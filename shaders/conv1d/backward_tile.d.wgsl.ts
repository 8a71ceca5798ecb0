// Generated from conv1d/backward_tile.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    weight: 'dbias' | 'dw' | 'dy' | 'x'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'in_quads' | 'out_quads' | 'kernel' | 'stride' | 'padding' | 'has_bias' | 'chunks' | 'chunk_rows'
  constants: 'ROWS' | 'COLUMNS' | 'DEPTH' | 'TM' | 'TN' | 'WORKGROUP' | 'ROW_LOADS' | 'COLUMN_LOADS' | 'ACROSS' | 'DOWN'
}>
export default shader
