// Generated from grad_cam.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    weigh: 'weight' | 'x' | 'y'
    stretch: 'map' | 'y'
    scale: 'map' | 'x' | 'y'
  }
  params: 'batch' | 'rows' | 'length' | 'quads' | 'map_stride' | 'y_quads' | 'step' | 'offset' | 'denominator'
  constants: 'WORKGROUP'
  values: 'WORKGROUP' | 'SHORT_SUM'
}>
export default shader
