// What the smoke test computes, in Node and in a page alike. Only types are imported: the page gets the built bundle.
import type { Gpu } from '../../src/runtime/gpu.ts'

export async function runCase(gpu: Gpu): Promise<{ squares: number[] }> {
  const { device } = gpu
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = sqrt(x[id.x]); }`
  const x = gpu.tensor([6], 'f32', 'x')
  gpu.write(x, [1, 2, 3, 4, 5, 6])
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  })
  const entries = [{ binding: 0, resource: { buffer: x.buffer } }]
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(2)
  pass.end()
  gpu.submit(encoder.finish())
  return { squares: Array.from(await gpu.read(x)) }
}
