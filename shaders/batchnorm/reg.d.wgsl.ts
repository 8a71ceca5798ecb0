// Generated from batchnorm/reg.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    partial: 'bounds' | 'partials_out' | 'x'
    finalize: 'beta' | 'bounds' | 'gamma' | 'partials_in' | 'running_mean' | 'running_var' | 'stats_out'
    from_running: 'beta' | 'gamma' | 'running_mean' | 'running_var' | 'stats_out'
    normalise: 'bounds' | 'skip' | 'stats_in' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'quads' | 'clips' | 'chunks' | 'chunk_rows' | 'momentum' | 'eps' | 'tiles'
  constants: 'WORKGROUP' | 'RELU' | 'JOIN' | 'JOIN_RELU'
  values: 'WORKGROUP' | 'SHORT_SUM' | 'ROWS'
}>
export default shader
