// Generated from probes/fma.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    chains_8: 'sums'
    chains_24: 'sums'
  }
  params: 'rounds' | 'factor' | 'term'
  constants: 'WORKGROUP' | 'UNROLL'
}>
export default shader
