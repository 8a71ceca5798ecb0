// Generated from softmax.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    softmax: 'x' | 'y'
    softmax_backward: 'dx' | 'dy' | 'x'
    cross_entropy: 'dx' | 'row_loss_out' | 'target_probability' | 'x'
    mean: 'loss' | 'row_loss_in'
  }
  params: 'rows' | 'inner' | 'stride'
  constants: 'WORKGROUP'
}>
export default shader
