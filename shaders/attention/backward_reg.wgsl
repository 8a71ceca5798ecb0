// Softmax attention over time, backward. Shapes and clips as in attention/reg.wgsl; p[i, j] = exp(q[i] . k[j] - lse[i]).
//
//   delta[i] = dy[i] . y[i]
//   ds[i, j] = p[i, j] * (dy[i] . v[j] - delta[i])
//   dq[i] = sum_j ds[i, j] k[j]      dk[j] = sum_i ds[i, j] q[i]      dv[j] = sum_i p[i, j] dy[i]
//
// p is computed again instead of being stored: seven products instead of five, for a fixed order of every sum and no atomics.
// row_statistics: one invocation per query: rows[b, i] = (lse[i], delta[i]); launch B * N.
// query, key: an invocation has T rows of its own, OWN = T * D4 quads, loaded and stored as in attention/reg.wgsl.
// query: own rows are queries: dq; launch B * S * ceil(longest query clip / T).
// key:   own rows are keys: dk, dv; launch B * S * ceil(longest key clip / T).

// own: OWN again, since a driver unrolls loops up to a constant, loads and all.
struct Params {
  batch: u32,
  queries: u32,
  keys: u32,
  clips: u32,
  tiles: u32,
  own: u32,
  lse_stride: u32,
  rows_stride: u32,
}

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
const T: u32 = 1u;
const OWN: u32 = 8u;

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
  let first = bounds[s] + invocation % params.tiles * T;
  let end = bounds[s + 1u];
  if (first >= end) { return; }
  let at = (b * params.queries + first) * D4;
  let last = (b * params.queries + end) * D4 - 1u;

  var own: array<vec4<f32>, OWN>;
  var upstream: array<vec4<f32>, OWN>;
  var gradient: array<vec4<f32>, OWN>;
  var row: array<vec2<f32>, T>;
  // @unroll
  for (var t = 0u; t < T; t++) { row[t] = rows_in[b * params.rows_stride + min(first + t, end - 1u)]; }
  for (var i = 0u; i < params.own; i++) {
    let own_quad = q[min(at + i, last)];
    let upstream_quad = dy[min(at + i, last)];
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      own[e] = select(own[e], own_quad, i == e);
      upstream[e] = select(upstream[e], upstream_quad, i == e);
    }
  }
  for (var j = bounds[keys_at + s]; j < bounds[keys_at + s + 1u]; j++) {
    let other = (b * params.keys + j) * D4;
    var key: array<vec4<f32>, D4>;
    var score = array<f32, T>();
    var product = array<f32, T>();
    // @unroll
    for (var d = 0u; d < D4; d++) {
      key[d] = k[other + d];
      let value = v[other + d];
      // @unroll
      for (var t = 0u; t < T; t++) {
        score[t] += dot(own[t * D4 + d], key[d]);
        product[t] += dot(upstream[t * D4 + d], value);
      }
    }
    // @unroll
    for (var t = 0u; t < T; t++) {
      let ds = exp(score[t] - row[t].x) * (product[t] - row[t].y);
      // @unroll
      for (var d = 0u; d < D4; d++) { gradient[t * D4 + d] += ds * key[d]; }
    }
  }
  for (var i = 0u; i < params.own; i++) {
    var quad = vec4<f32>();
    // @unroll
    for (var e = 0u; e < OWN; e++) { quad = select(quad, gradient[e], i == e); }
    if (at + i <= last) { dq[at + i] = quad; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn key(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let s = invocation / params.tiles % params.clips;
  let b = invocation / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let first = bounds[keys_at + s] + invocation % params.tiles * T;
  let end = bounds[keys_at + s + 1u];
  if (first >= end) { return; }
  let at = (b * params.keys + first) * D4;
  let last = (b * params.keys + end) * D4 - 1u;

  var own: array<vec4<f32>, OWN>;
  var value: array<vec4<f32>, OWN>;
  var key_gradient: array<vec4<f32>, OWN>;
  var value_gradient: array<vec4<f32>, OWN>;
  for (var i = 0u; i < params.own; i++) {
    let own_quad = k[min(at + i, last)];
    let value_quad = v[min(at + i, last)];
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      own[e] = select(own[e], own_quad, i == e);
      value[e] = select(value[e], value_quad, i == e);
    }
  }
  for (var i = bounds[s]; i < bounds[s + 1u]; i++) {
    let other = (b * params.queries + i) * D4;
    let row = rows_in[b * params.rows_stride + i];
    var row_query: array<vec4<f32>, D4>;
    var upstream: array<vec4<f32>, D4>;
    var score = array<f32, T>();
    var product = array<f32, T>();
    // @unroll
    for (var d = 0u; d < D4; d++) {
      row_query[d] = q[other + d];
      upstream[d] = dy[other + d];
      // @unroll
      for (var t = 0u; t < T; t++) {
        score[t] += dot(row_query[d], own[t * D4 + d]);
        product[t] += dot(upstream[d], value[t * D4 + d]);
      }
    }
    // @unroll
    for (var t = 0u; t < T; t++) {
      let p = exp(score[t] - row.x);
      let ds = p * (product[t] - row.y);
      // @unroll
      for (var d = 0u; d < D4; d++) {
        key_gradient[t * D4 + d] += ds * row_query[d];
        value_gradient[t * D4 + d] += p * upstream[d];
      }
    }
  }
  for (var i = 0u; i < params.own; i++) {
    var key_quad = vec4<f32>();
    var value_quad = vec4<f32>();
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      key_quad = select(key_quad, key_gradient[e], i == e);
      value_quad = select(value_quad, value_gradient[e], i == e);
    }
    if (at + i <= last) {
      dk[at + i] = key_quad;
      dv[at + i] = value_quad;
    }
  }
}
