// Softmax attention over time, backward. Shapes and clips as in attention/reg.wgsl; p[i, j] = exp(q[i] . k[j] - lse[i]).
//
//   delta[i] = dy[i] . y[i]
//   ds[i, j] = p[i, j] * (dy[i] . v[j] - delta[i])
//   dq[i] = sum_j ds[i, j] k[j]      dk[j] = sum_i ds[i, j] q[i]      dv[j] = sum_i p[i, j] dy[i]
//
// p is computed again instead of being stored: seven products instead of five, for a fixed order of every sum and no atomics.
// row_statistics: one invocation per query: rows[b, i] = (lse[i], delta[i]); launch B * N.
// query: one invocation per query: dq; launch B * S * longest query clip.
// key:   one invocation per key: dk, dv; launch B * S * longest key clip.

struct Params { batch: u32, queries: u32, keys: u32, clips: u32, tiles: u32, lse_stride: u32, rows_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> lse: array<f32>;
@group(0) @binding(8) var<storage, read_write> rows_out: array<vec2<f32>>;
@group(0) @binding(9) var<storage, read> rows_in: array<vec2<f32>>;
@group(0) @binding(10) var<storage, read_write> dq: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read_write> dk: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> dv: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const D4: u32 = 8u;

// bounds: S + 1 row bounds of the queries, then as many of the keys.

@compute @workgroup_size(WORKGROUP)
fn row_statistics(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                  @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let b = invocation / params.queries;
  let i = invocation % params.queries;
  if (b >= params.batch) { return; }
  var delta = 0.0;
  for (var d = 0u; d < D4; d++) { delta += dot(dy[invocation * D4 + d], y[invocation * D4 + d]); }
  rows_out[b * params.rows_stride + i] = vec2<f32>(lse[b * params.lse_stride + i], delta);
}

@compute @workgroup_size(WORKGROUP)
fn query(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let s = invocation / params.tiles % params.clips;
  let b = invocation / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let i = bounds[s] + invocation % params.tiles;
  if (i >= bounds[s + 1u]) { return; }

  let at = (b * params.queries + i) * D4;
  let row = rows_in[b * params.rows_stride + i];
  var own: array<vec4<f32>, D4>;
  var upstream: array<vec4<f32>, D4>;
  var gradient: array<vec4<f32>, D4>;
  // @unroll
  for (var d = 0u; d < D4; d++) {
    own[d] = q[at + d];
    upstream[d] = dy[at + d];
    gradient[d] = vec4<f32>();
  }
  for (var j = bounds[keys_at + s]; j < bounds[keys_at + s + 1u]; j++) {
    let other = (b * params.keys + j) * D4;
    var key: array<vec4<f32>, D4>;
    var score = 0.0;
    var product = 0.0;
    // @unroll
    for (var d = 0u; d < D4; d++) {
      key[d] = k[other + d];
      score += dot(own[d], key[d]);
      product += dot(upstream[d], v[other + d]);
    }
    let ds = exp(score - row.x) * (product - row.y);
    // @unroll
    for (var d = 0u; d < D4; d++) { gradient[d] += ds * key[d]; }
  }
  // @unroll
  for (var d = 0u; d < D4; d++) { dq[at + d] = gradient[d]; }
}

@compute @workgroup_size(WORKGROUP)
fn key(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let s = invocation / params.tiles % params.clips;
  let b = invocation / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let j = bounds[keys_at + s] + invocation % params.tiles;
  if (j >= bounds[keys_at + s + 1u]) { return; }

  let at = (b * params.keys + j) * D4;
  var own: array<vec4<f32>, D4>;
  var value: array<vec4<f32>, D4>;
  var key_gradient: array<vec4<f32>, D4>;
  var value_gradient: array<vec4<f32>, D4>;
  // @unroll
  for (var d = 0u; d < D4; d++) {
    own[d] = k[at + d];
    value[d] = v[at + d];
    key_gradient[d] = vec4<f32>();
    value_gradient[d] = vec4<f32>();
  }
  for (var i = bounds[s]; i < bounds[s + 1u]; i++) {
    let other = (b * params.queries + i) * D4;
    let row = rows_in[b * params.rows_stride + i];
    var row_query: array<vec4<f32>, D4>;
    var upstream: array<vec4<f32>, D4>;
    var score = 0.0;
    var product = 0.0;
    // @unroll
    for (var d = 0u; d < D4; d++) {
      row_query[d] = q[other + d];
      upstream[d] = dy[other + d];
      score += dot(row_query[d], own[d]);
      product += dot(upstream[d], value[d]);
    }
    let p = exp(score - row.x);
    let ds = p * (product - row.y);
    // @unroll
    for (var d = 0u; d < D4; d++) {
      key_gradient[d] += ds * row_query[d];
      value_gradient[d] += p * upstream[d];
    }
  }
  // @unroll
  for (var d = 0u; d < D4; d++) {
    dk[at + d] = key_gradient[d];
    dv[at + d] = value_gradient[d];
  }
}
