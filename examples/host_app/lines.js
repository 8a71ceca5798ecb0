// Draws signals as lines, straight from the storage buffers they lie in. Nothing here knows of galvani.

const WGSL = `
struct Line { color: vec4f, canvas: vec2f, range: vec2f, count: u32, stride: u32, width: f32 }
@group(0) @binding(0) var<uniform> line: Line;
@group(0) @binding(1) var<storage, read> values: array<f32>;

// Where sample i is, in pixels from the bottom left.
fn place(i: u32) -> vec2f {
  let height = (values[i * line.stride] - line.range.x) / (line.range.y - line.range.x);
  return vec2f((f32(i) + 0.5) / f32(line.count), height) * line.canvas;
}

// Two corners a sample, half the line's width to either side of it.
@vertex fn corner(@builtin(vertex_index) v: u32) -> @builtin(position) vec4f {
  let i = v / 2;
  let along = normalize(place(min(i + 1, line.count - 1)) - place(max(i, 1) - 1));
  let side = (f32(v % 2) - 0.5) * line.width;
  return vec4f(2 * (place(i) + side * vec2f(-along.y, along.x)) / line.canvas - 1, 0, 1);
}

@fragment fn ink() -> @location(0) vec4f { return line.color; }`

/**
 * Returns what encodes a render pass of all lines onto the canvas, at the canvas's size at that time.
 * `lines`: { buffer, stride in numbers, color }, each of `count` samples; `range`: the values at the bottom and at the top.
 */
export function lineDrawer(device, canvas, { count, range }, lines) {
  const context = canvas.getContext('webgpu')
  const format = navigator.gpu.getPreferredCanvasFormat()
  context.configure({ device, format, alphaMode: 'opaque' })
  const module = device.createShaderModule({ code: WGSL })
  const pipeline = device.createRenderPipeline({
    layout: 'auto',
    vertex: { module },
    fragment: { module, targets: [{ format }] },
    primitive: { topology: 'triangle-strip' },
  })
  const drawn = lines.map((line) => {
    const uniform = device.createBuffer({ size: 48, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
    const entries = [uniform, line.buffer].map((buffer, binding) => ({ binding, resource: { buffer } }))
    const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
    return { ...line, uniform, bindGroup }
  })

  /** Follows the size that the page gives the canvas. */
  function resize() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.round(size * devicePixelRatio))
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    for (const { uniform, color, stride } of drawn) {
      const data = new DataView(new ArrayBuffer(48))
      const floats = [...color, width, height, ...range]
      floats.forEach((value, i) => data.setFloat32(4 * i, value, true))
      data.setUint32(32, count, true)
      data.setUint32(36, stride, true)
      data.setFloat32(40, 2 * devicePixelRatio, true)
      device.queue.writeBuffer(uniform, 0, data)
    }
  }

  return (encoder) => {
    resize()
    const view = context.getCurrentTexture().createView()
    const clearValue = [1, 1, 1, 1]
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, clearValue, loadOp: 'clear', storeOp: 'store' }],
    })
    pass.setPipeline(pipeline)
    for (const { bindGroup } of drawn) {
      pass.setBindGroup(0, bindGroup)
      pass.draw(2 * count)
    }
    pass.end()
  }
}
