// Generated from clip_mean.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    forward: 'bounds' | 'x' | 'y'
    backward: 'bounds' | 'dy' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'clips'
  constants: 'WORKGROUP'
  values: 'WORKGROUP' | 'SHORT_SUM'
}>
export default shader
