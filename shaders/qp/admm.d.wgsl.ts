// Generated from qp/admm.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    measure: 'bounds' | 'candidate' | 'norms' | 'origin' | 'penalty' | 'y' | 'z'
    project: 'bounds' | 'candidate' | 'origin' | 'penalty' | 'y' | 'z'
    recentre: 'bounds' | 'origin' | 'y' | 'z'
  }
  params: 'rows' | 'lanes' | 'penalty_rows'
  constants: 'WORKGROUP' | 'RELAXATION'
  values: 'WORKGROUP' | 'RELAXATION' | 'BOUNDLESS' | 'FINISHED' | 'PRIMAL' | 'DUAL' | 'NORMS'
}>
export default shader
