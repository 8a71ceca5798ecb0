// Generated from probes/copy.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    copy: 'x' | 'y'
  }
  params: 'quads'
  constants: 'WORKGROUP'
}>
export default shader
