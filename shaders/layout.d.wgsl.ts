// Generated from layout.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    channels_last: 'a' | 'y'
    flatten: 'a' | 'y'
    concat: 'a' | 'b' | 'y'
    slice: 'a' | 'y'
  }
  params: 'rows' | 'length' | 'channels' | 'y_quads' | 'a_stride' | 'b_stride' | 'batch_stride' | 'first'
  constants: 'WORKGROUP' | 'QUAD' | 'ROWS'
}>
export default shader
