// Opens a device as galvani does, runs one kernel on it and prints what it ran on as JSON. A process of its own:
// a broken driver may take it down.
const before = process.env.VK_DRIVER_FILES
const { openGpu } = await import('../dist/node.js')
const gpu = await openGpu()
const { device, info } = gpu

const code = `@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = id.x * id.x + 1u; }`
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128]
const pipeline = await device.createComputePipelineAsync({
  layout: 'auto',
  compute: { module: device.createShaderModule({ code }) },
})
const buffer = device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC })
const staging = device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST })
const group = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: [{ binding: 0, resource: { buffer } }],
})
const encoder = device.createCommandEncoder()
const pass = encoder.beginComputePass()
pass.setPipeline(pipeline)
pass.setBindGroup(0, group)
pass.dispatchWorkgroups(1)
pass.end()
encoder.copyBufferToBuffer(buffer, 0, staging, 0, 16)
device.queue.submit([encoder.finish()])
await staging.mapAsync(1)
const result = new Uint32Array(staging.getMappedRange()).join()
if (result !== '1,2,5,10') throw new Error(`the kernel computed ${result} instead of 1,2,5,10`)
staging.unmap()
await gpu.close()

const brought = process.env.VK_DRIVER_FILES !== before
console.log(JSON.stringify({ name: info.description || info.device, software: info.isFallbackAdapter, brought }))
