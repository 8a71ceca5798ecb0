// Generated from batchnorm.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'partials' | 'x'
    finalize: 'bounds' | 'moments' | 'running_mean' | 'running_var' | 'stats'
    from_running: 'running_mean' | 'running_var' | 'stats'
    normalise: 'beta' | 'bounds' | 'gamma' | 'normaliser' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'segments' | 'chunks' | 'chunk_rows' | 'momentum' | 'eps'
  constants: 'WORKGROUP'
}>
export default shader
