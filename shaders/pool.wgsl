// Max and average pooling over the time axis of [B, L, C], channels last; each clip is pooled on its own.
//
//   window of output o of a clip: rows o*stride - padding ... + kernel - 1 of that clip
//   max: rows outside count as -inf, the first maximum of a window receives the gradient, NaN is the largest;  average: mean of
//   the kernel rows
//
// An invocation has ROWS consecutive rows of a quad of channels of one clip, of y forward and of x backward: windows overlap, and
// what they share is loaded once. Gradients are gathered, so no two writers meet.
// Launch: B * S * tiles * C/4, tiles = ceil(longest clip of y, or x / ROWS).

struct Params {
  batch: u32,
  in_rows: u32,
  out_rows: u32,
  quads: u32,
  clips: u32,
  tiles: u32,
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
const ROWS: u32 = 8u;
const MAX: bool = true;
const LOWEST: f32 = -3.402823e38;

// By the bits, since compilers may assume that no NaN occurs.
fn is_nan(v: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<u32>>(v) & vec4(0x7fffffffu)) > vec4(0x7f800000u); }

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let tile = invocation / params.quads;
  let s = tile / params.tiles % params.clips;
  let b = tile / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let outputs = out_bounds[s + 1u] - out_bounds[s];
  let o0 = tile % params.tiles * ROWS;
  if (o0 >= outputs) { return; }
  let length = in_bounds[s + 1u] - in_bounds[s];
  let count = min(ROWS, outputs - o0);
  // Rows are counted with the padding in front, so that none is negative.
  let begin = max(o0 * params.stride, params.padding);
  let end = min((o0 + count - 1u) * params.stride + params.kernel, length + params.padding);
  var value: array<vec4<f32>, ROWS>;
  // @unroll
  for (var t = 0u; t < ROWS; t++) { value[t] = select(vec4<f32>(), vec4<f32>(LOWEST), MAX); }
  for (var l = begin; l < end; l++) {
    let v = x[(b * params.in_rows + in_bounds[s] + l - params.padding) * params.quads + q];
    let broken = is_nan(v);
    // @unroll
    for (var t = 0u; t < ROWS; t++) {
      // Rows before the window wrap around to huge values, so one comparison tests both ends.
      let inside = l - (o0 + t) * params.stride < params.kernel;
      if (MAX) {
        value[t] = select(value[t], v, ((v > value[t]) | broken) & vec4<bool>(inside));
      } else {
        value[t] += select(vec4<f32>(), v, inside);
      }
    }
  }
  // @unroll
  for (var t = 0u; t < ROWS; t++) {
    let result = select(value[t] / f32(params.kernel), value[t], MAX);
    if (t < count) { y[(b * params.out_rows + out_bounds[s] + o0 + t) * params.quads + q] = result; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let q = invocation % params.quads;
  let tile = invocation / params.quads;
  let s = tile / params.tiles % params.clips;
  let b = tile / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let length = in_bounds[s + 1u] - in_bounds[s];
  let l0 = tile % params.tiles * ROWS;
  if (l0 >= length) { return; }
  let count = min(ROWS, length - l0);
  let in_row = b * params.in_rows + in_bounds[s];
  // Windows that cover these rows: o*stride <= l + padding < o*stride + kernel.
  let reach = l0 + params.padding;
  let first = select(0u, (reach - params.kernel) / params.stride + 1u, reach >= params.kernel);
  let last = min((reach + count - 1u) / params.stride + 1u, out_bounds[s + 1u] - out_bounds[s]);
  var gradient: array<vec4<f32>, ROWS>;
  for (var o = first; o < last; o++) {
    let g = dy[(b * params.out_rows + out_bounds[s] + o) * params.quads + q];
    let begin = max(o * params.stride, params.padding) - params.padding;
    let end = min(o * params.stride + params.kernel - params.padding, length);
    var winner = vec4<u32>(begin);
    if (MAX) {
      var value = vec4<f32>(LOWEST);
      for (var l = begin; l < end; l++) {
        let v = x[(in_row + l) * params.quads + q];
        let larger = (v > value) | is_nan(v);
        winner = select(winner, vec4<u32>(l), larger);
        value = select(value, v, larger);
      }
    }
    // @unroll
    for (var t = 0u; t < ROWS; t++) {
      if (MAX) {
        gradient[t] += select(vec4<f32>(), g, winner == vec4<u32>(l0 + t));
      } else {
        gradient[t] += select(vec4<f32>(), g / f32(params.kernel), l0 + t >= begin && l0 + t < end);
      }
    }
  }
  // @unroll
  for (var t = 0u; t < ROWS; t++) {
    if (t < count) { dx[(in_row + l0 + t) * params.quads + q] = gradient[t]; }
  }
}
