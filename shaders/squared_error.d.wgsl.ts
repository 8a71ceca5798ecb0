// Generated from squared_error.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    squared_error: 'dx' | 'goal' | 'row_loss_out' | 'x'
    mean: 'loss' | 'row_loss_in'
  }
  params: 'rows' | 'inner' | 'stride'
  constants: 'WORKGROUP'
}>
export default shader
