// Generated from pool.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'in_bounds' | 'out_bounds' | 'x' | 'y'
    backward: 'dx' | 'dy' | 'in_bounds' | 'out_bounds' | 'x'
  }
  params: 'batch' | 'in_rows' | 'out_rows' | 'quads' | 'clips' | 'tiles' | 'kernel' | 'stride' | 'padding'
  constants: 'WORKGROUP' | 'ROWS' | 'MAX' | 'LOWEST'
}>
export default shader
