// Max and average pooling over the time axis of [B, L, C], channels last; each segment (clip) is pooled on its own.
//
//   window of output o of a segment: rows o*stride - padding ... + kernel - 1 of that segment
//   max: rows outside count as -inf, the first maximum of a window receives the gradient;  average: mean of the kernel rows
//
// Launch: forward one invocation per quad of y, backward one per quad of x: gradients are gathered, so no two writers meet.

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  quads: u32,
  segments: u32,
  kernel: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> in_bounds: array<u32>;
@group(0) @binding(2) var<storage, read> out_bounds: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const MAXIMUM: bool = true;
const LOWEST: f32 = -3.402823e38;

// The rows [first, last) of the input that window o of a segment covers; start and length are the segment's.
fn window(o: u32, start: u32, length: u32) -> vec2<u32> {
  let first = i32(o * params.stride) - i32(params.padding);
  let last = min(first + i32(params.kernel), i32(length));
  return vec2<u32>(start) + vec2<u32>(u32(max(first, 0)), u32(max(last, 0)));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.out_rows * params.quads) { return; }
  let q = i % params.quads;
  let row = i / params.quads % params.out_rows;
  let b = i / (params.quads * params.out_rows);
  var s = 0u;
  for (var next = 1u; next < params.segments; next++) { s += select(0u, 1u, row >= out_bounds[next]); }
  let rows = window(row - out_bounds[s], in_bounds[s], in_bounds[s + 1u] - in_bounds[s]);
  var value = select(vec4<f32>(), vec4<f32>(LOWEST), MAXIMUM);
  for (var l = rows.x; l < rows.y; l++) {
    let v = x[(b * params.in_rows + l) * params.quads + q];
    if (MAXIMUM) { value = select(value, v, v > value); } else { value += v; }
  }
  y[i] = select(value / f32(params.kernel), value, MAXIMUM);
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.in_rows * params.quads) { return; }
  let q = i % params.quads;
  let row = i / params.quads % params.in_rows;
  let b = i / (params.quads * params.in_rows);
  var s = 0u;
  for (var next = 1u; next < params.segments; next++) { s += select(0u, 1u, row >= in_bounds[next]); }
  let start = in_bounds[s];
  let length = in_bounds[s + 1u] - start;
  let outputs = out_bounds[s + 1u] - out_bounds[s];
  // Windows that cover this row: o*stride <= l + padding < o*stride + kernel.
  let reach = row - start + params.padding;
  let first = select(0u, (reach - params.kernel) / params.stride + 1u, reach >= params.kernel);
  let last = min(reach / params.stride + 1u, outputs);
  var gradient = vec4<f32>();
  for (var o = first; o < last; o++) {
    let g = dy[(b * params.out_rows + out_bounds[s] + o) * params.quads + q];
    if (MAXIMUM) {
      let rows = window(o, start, length);
      var value = vec4<f32>(LOWEST);
      var winner = vec4<u32>(rows.x);
      for (var l = rows.x; l < rows.y; l++) {
        let v = x[(b * params.in_rows + l) * params.quads + q];
        winner = select(winner, vec4<u32>(l), v > value);
        value = select(value, v, v > value);
      }
      gradient += select(vec4<f32>(), g, winner == vec4<u32>(row));
    } else {
      gradient += g / f32(params.kernel);
    }
  }
  dx[i] = gradient;
}
