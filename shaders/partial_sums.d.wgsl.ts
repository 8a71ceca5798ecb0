// Generated from partial_sums.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    add: 'jobs' | 'partials' | 'results'
  }
  params: 'jobs'
  constants: 'WORKGROUP'
}>
export default shader
