// From feature maps and their gradients to a class activation map over time, and from there to the signals (Selvaraju et al. 2017,
// over one axis); tensors are [B, L, C] and maps [B, L].
//
//   weigh:    map[b, l] = relu(sum_c weight[b, c] x[b, l, c])       launch: one invocation per quad of the map
//   stretch:  y[b, j]   = map[b] read linearly at position p(j) = max(j step + offset, 0) / denominator, held at the ends
//                                                                   launch: one invocation per quad of y
//   scale:    y[b, l, c] = x[b, l, c] map[b, l]                     launch: one invocation per quad of y
//
// Positions are counted in whole numbers, so that a fraction keeps its digits at any length.

struct Params {
  batch: u32,
  // Of x, and of the map that `stretch` reads.
  rows: u32,
  // Of y in `stretch`.
  length: u32,
  quads: u32,
  // From one map to the next, in numbers and in quads.
  map_stride: u32,
  y_quads: u32,
  step: i32,
  offset: i32,
  denominator: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> map: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const SHORT_SUM = 4u;

// ReLU by the bits, which hands NaN on (elementwise.wgsl).
fn rectify(v: f32) -> f32 { return select(v, 0.0, bitcast<u32>(v) - 0x80000000u <= 0x7f800000u); }

fn weighed(b: u32, l: u32) -> f32 {
  if (l >= params.rows) { return 0.0; }
  let at = (b * params.rows + l) * params.quads;
  var sum = 0.0;
  for (var first = 0u; first < params.quads; first += SHORT_SUM) {
    var short_sum = 0.0; // a sum of short sums loses less than one long sum
    for (var q = first; q < min(first + SHORT_SUM, params.quads); q++) {
      short_sum += dot(weight[b * params.quads + q], x[at + q]);
    }
    sum += short_sum;
  }
  return rectify(sum);
}

@compute @workgroup_size(WORKGROUP)
fn weigh(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.batch * params.y_quads) { return; }
  let b = i / params.y_quads;
  let l = i % params.y_quads * 4u;
  y[i] = vec4(weighed(b, l), weighed(b, l + 1u), weighed(b, l + 2u), weighed(b, l + 3u));
}

fn read_at(b: u32, j: u32) -> f32 {
  if (j >= params.length) { return 0.0; }
  let position = u32(max(i32(j) * params.step + params.offset, 0));
  let denominator = u32(params.denominator);
  let left = min(position / denominator, params.rows - 1u);
  let right = min(left + 1u, params.rows - 1u);
  let a = map[b * params.map_stride + left];
  return a + f32(position - left * denominator) / f32(denominator) * (map[b * params.map_stride + right] - a);
}

@compute @workgroup_size(WORKGROUP)
fn stretch(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.batch * params.y_quads) { return; }
  let b = i / params.y_quads;
  let j = i % params.y_quads * 4u;
  y[i] = vec4(read_at(b, j), read_at(b, j + 1u), read_at(b, j + 2u), read_at(b, j + 3u));
}

@compute @workgroup_size(WORKGROUP)
fn scale(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let row = i / params.quads;
  y[i] = x[i] * map[row / params.rows * params.map_stride + row % params.rows];
}
