// Generated from optimizer.wgsl by `npm run gen`; do not edit.
import type { Shader } from '../src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
    sgd: 'first_moment' | 'gradient' | 'parameter' | 'rate'
    adam: 'first_moment' | 'gradient' | 'parameter' | 'rate' | 'second_moment'
  }
  params: 'quads' | 'momentum' | 'decay' | 'beta1' | 'beta2' | 'gain1' | 'gain2' | 'eps'
  constants: 'WORKGROUP' | 'DECOUPLED'
}>
export default shader
