// Softmax attention over time for GPUs with workgroup memory of their own; what is computed and its shapes as in
// attention/reg.wgsl. A workgroup takes WORKGROUP * T queries of one clip, T to an invocation, in registers. TILE keys
// and values at a time are brought to workgroup memory by all and read by all at the same address, one rescaling for KB of them.
// Keys past the end of the clip get weight zero; invocations without a query of their own repeat the last one.
// Launch: B * S * ceil(longest clip / (WORKGROUP * T)) workgroups.

struct Params { batch: u32, queries: u32, keys: u32, clips: u32, tiles: u32, lse_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;

const WORKGROUP: u32 = 64u;
const D4: u32 = 8u;
const T: u32 = 2u;
const TILE: u32 = 32u;
const KB: u32 = 4u;
const LOWEST: f32 = -3.402823e38;

// bounds: S + 1 row bounds of the queries, then as many of the keys.

var<workgroup> keys: array<vec4<f32>, TILE * D4>;
var<workgroup> values: array<vec4<f32>, TILE * D4>;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let index = group.y * groups.x + group.x;
  let s = index / params.tiles % params.clips;
  let b = index / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let first = bounds[s] + index % params.tiles * WORKGROUP * T;
  let end = bounds[s + 1u];
  if (first >= end) { return; }
  let keys_at = params.clips + 1u;
  let key_end = bounds[keys_at + s + 1u];
  let last = (b * params.keys + key_end) * D4 - 1u;

  var query: array<vec4<f32>, D4 * T>;
  var sum: array<vec4<f32>, D4 * T>;
  var largest: array<f32, T>;
  var total: array<f32, T>;
  // @unroll
  for (var t = 0u; t < T; t++) {
    let row = (b * params.queries + min(first + t * WORKGROUP + thread, end - 1u)) * D4;
    largest[t] = LOWEST;
    total[t] = 0.0;
    // @unroll
    for (var d = 0u; d < D4; d++) {
      query[t * D4 + d] = q[row + d];
      sum[t * D4 + d] = vec4<f32>();
    }
  }
  for (var j = bounds[keys_at + s]; j < key_end; j += TILE) {
    workgroupBarrier();
    for (var r = thread; r < TILE * D4; r += WORKGROUP) {
      let at = min((b * params.keys + j) * D4 + r, last);
      keys[r] = k[at];
      values[r] = v[at];
    }
    workgroupBarrier();
    for (var c = 0u; c < min(TILE, key_end - j); c += KB) {
      var weight = array<f32, KB * T>();
      // @unroll
      for (var e = 0u; e < KB; e++) {
        // @unroll
        for (var d = 0u; d < D4; d++) {
          let key = keys[(c + e) * D4 + d];
          // @unroll
          for (var t = 0u; t < T; t++) { weight[e * T + t] += dot(query[t * D4 + d], key); }
        }
      }
      var rescale: array<f32, T>;
      // @unroll
      for (var t = 0u; t < T; t++) {
        var next = largest[t];
        // @unroll
        for (var e = 0u; e < KB; e++) {
          weight[e * T + t] = select(LOWEST, weight[e * T + t], j + c + e < key_end);
          next = max(next, weight[e * T + t]);
        }
        rescale[t] = exp(largest[t] - next);
        largest[t] = next;
        total[t] *= rescale[t];
        // @unroll
        for (var e = 0u; e < KB; e++) {
          weight[e * T + t] = exp(weight[e * T + t] - next);
          total[t] += weight[e * T + t];
        }
      }
      // @unroll
      for (var d = 0u; d < D4; d++) {
        // @unroll
        for (var t = 0u; t < T; t++) { sum[t * D4 + d] *= rescale[t]; }
        // @unroll
        for (var e = 0u; e < KB; e++) {
          let value = values[(c + e) * D4 + d];
          // @unroll
          for (var t = 0u; t < T; t++) { sum[t * D4 + d] += weight[e * T + t] * value; }
        }
      }
    }
  }
  // @unroll
  for (var t = 0u; t < T; t++) {
    let i = first + t * WORKGROUP + thread;
    if (i < end) {
      let row = (b * params.queries + i) * D4;
      // @unroll
      for (var d = 0u; d < D4; d++) { y[row + d] = sum[t * D4 + d] / total[t]; }
      lse[b * params.lse_stride + i] = largest[t] + log(total[t]);
    }
  }
}
