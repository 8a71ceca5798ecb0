// Generated from elementwise.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    relu: 'a' | 'y'
    relu_backward: 'a' | 'b' | 'y'
    sigmoid: 'a' | 'y'
    sigmoid_backward: 'a' | 'b' | 'y'
    add: 'a' | 'b' | 'y'
  }
  params: 'quads' | 'inner' | 'inner_quads'
  constants: 'WORKGROUP'
}>
export default shader
