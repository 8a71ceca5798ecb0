// Softmax attention over time, backward, for software adapters: the formulas of attention/backward_reg.wgsl in the manner
// of attention/lane.wgsl. A workgroup is one subgroup of SG lanes with T rows each, OWN = T * D4 quads; the rows of the
// other side come KB at a time, LOADS quads to a lane, and are broadcast. KB is at most SG.
// query: own rows are queries, the others keys: dq; launch B * S * ceil(longest query clip / (SG * T)) workgroups.
// key:   own rows are keys, the others queries: dk, dv; launch B * S * ceil(longest key clip / (SG * T)) workgroups.
enable subgroups;

// own_rows, own_quads: T and D4 again, since a driver unrolls loops up to a constant, loads and all.
struct Params {
  batch: u32,
  queries: u32,
  keys: u32,
  clips: u32,
  tiles: u32,
  own_rows: u32,
  own_quads: u32,
  rows_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> rows_in: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> dq: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> dk: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> dv: array<vec4<f32>>;

const SG: u32 = 8u;
const D4: u32 = 8u;
const T: u32 = 2u;
const OWN: u32 = 16u;
const KB: u32 = 1u;
const LOADS: u32 = 1u;

// bounds: S + 1 row bounds of the queries, then as many of the keys. rows[b, i] = (lse[i], delta[i]).

// exp(x) for x <= 60 by Cody and Waite's reduction and a Taylor polynomial: relative error below 3e-7, 4e-8 (rms). The built-in of
// lavapipe is off by 4e-7 (rms) and more for large |x|, the largest rounding error of a whole training step.
// n + 1.5 * 2^23 has n in its lowest bits; i32(n), which saturates, would be done lane by lane.
fn exponential(x: f32) -> f32 {
  let n = round(x * 1.44269504);
  let r = (x - n * 0.693359375) + n * 2.12194440e-4;
  let rr = r * r;
  let p = 1.0 + (r + rr * ((0.5 + r * 0.16666667) + rr * ((0.041666667 + r * 0.0083333333) + rr * 0.0013888889)));
  let power = bitcast<f32>((bitcast<u32>(n + 12582912.0) << 23u) + 0x3f800000u);
  return select(p * power, 0.0, n < -126.0);
}

@compute @workgroup_size(SG)
fn query(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.y * groups.x + group.x;
  let s = index / params.tiles % params.clips;
  let b = index / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let first = bounds[s] + index % params.tiles * SG * T;
  let end = bounds[s + 1u];
  if (first >= end) { return; }
  let keys_at = params.clips + 1u;
  let key_end = bounds[keys_at + s + 1u];
  let last = (b * params.keys + key_end) * D4 - 1u;

  var own: array<vec4<f32>, OWN>;
  var upstream: array<vec4<f32>, OWN>;
  var gradient: array<vec4<f32>, OWN>;
  var row: array<vec2<f32>, T>;
  // @unroll
  for (var t = 0u; t < T; t++) { row[t] = rows_in[b * params.rows_stride + min(first + t * SG + lane, end - 1u)]; }
  for (var t = 0u; t < params.own_rows; t++) {
    var own_row = array<vec4<f32>, D4>();
    var upstream_row = array<vec4<f32>, D4>();
    let at = (b * params.queries + min(first + t * SG + lane, end - 1u)) * D4;
    for (var d = 0u; d < params.own_quads; d++) {
      let own_quad = q[at + d];
      let upstream_quad = dy[at + d];
      // @unroll
      for (var e = 0u; e < D4; e++) {
        own_row[e] = select(own_row[e], own_quad, d == e);
        upstream_row[e] = select(upstream_row[e], upstream_quad, d == e);
      }
    }
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      own[e] = select(own[e], own_row[e % D4], t == e / D4);
      upstream[e] = select(upstream[e], upstream_row[e % D4], t == e / D4);
    }
  }
  for (var j = bounds[keys_at + s]; j < key_end; j += KB) {
    let at = (b * params.keys + j) * D4 + lane;
    var keys: array<vec4<f32>, LOADS>;
    var values: array<vec4<f32>, LOADS>;
    // @unroll
    for (var l = 0u; l < LOADS; l++) {
      keys[l] = k[min(at + l * SG, last)];
      values[l] = v[min(at + l * SG, last)];
    }
    // @unroll
    for (var c = 0u; c < KB; c++) {
      var score = array<f32, T>();
      var product = array<f32, T>();
      // @unroll
      for (var d = 0u; d < D4; d++) {
        let key = subgroupBroadcast(keys[(c * D4 + d) / SG], (c * D4 + d) % SG);
        let value = subgroupBroadcast(values[(c * D4 + d) / SG], (c * D4 + d) % SG);
        // @unroll
        for (var t = 0u; t < T; t++) {
          score[t] += dot(own[t * D4 + d], key);
          product[t] += dot(upstream[t * D4 + d], value);
        }
      }
      var ds: array<f32, T>;
      // @unroll
      for (var t = 0u; t < T; t++) {
        let p = exponential(score[t] - row[t].x);
        ds[t] = select(0.0, p * (product[t] - row[t].y), KB == 1u || j + c < key_end);
      }
      // @unroll
      for (var d = 0u; d < D4; d++) {
        let key = subgroupBroadcast(keys[(c * D4 + d) / SG], (c * D4 + d) % SG);
        // @unroll
        for (var t = 0u; t < T; t++) { gradient[t * D4 + d] += ds[t] * key; }
      }
    }
  }
  for (var t = 0u; t < params.own_rows; t++) {
    let i = first + t * SG + lane;
    var gradient_row = array<vec4<f32>, D4>();
    // @unroll
    for (var e = 0u; e < OWN; e++) { gradient_row[e % D4] = select(gradient_row[e % D4], gradient[e], t == e / D4); }
    for (var d = 0u; d < params.own_quads; d++) {
      var quad = vec4<f32>();
      // @unroll
      for (var e = 0u; e < D4; e++) { quad = select(quad, gradient_row[e], d == e); }
      if (i < end) { dq[(b * params.queries + i) * D4 + d] = quad; }
    }
  }
}

@compute @workgroup_size(SG)
fn key(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.y * groups.x + group.x;
  let s = index / params.tiles % params.clips;
  let b = index / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let first = bounds[keys_at + s] + index % params.tiles * SG * T;
  let end = bounds[keys_at + s + 1u];
  if (first >= end) { return; }
  let query_end = bounds[s + 1u];
  let last = (b * params.queries + query_end) * D4 - 1u;

  var own: array<vec4<f32>, OWN>;
  var value: array<vec4<f32>, OWN>;
  var key_gradient: array<vec4<f32>, OWN>;
  var value_gradient: array<vec4<f32>, OWN>;
  for (var t = 0u; t < params.own_rows; t++) {
    var own_row = array<vec4<f32>, D4>();
    var value_row = array<vec4<f32>, D4>();
    let at = (b * params.keys + min(first + t * SG + lane, end - 1u)) * D4;
    for (var d = 0u; d < params.own_quads; d++) {
      let own_quad = k[at + d];
      let value_quad = v[at + d];
      // @unroll
      for (var e = 0u; e < D4; e++) {
        own_row[e] = select(own_row[e], own_quad, d == e);
        value_row[e] = select(value_row[e], value_quad, d == e);
      }
    }
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      own[e] = select(own[e], own_row[e % D4], t == e / D4);
      value[e] = select(value[e], value_row[e % D4], t == e / D4);
    }
  }
  for (var i = bounds[s]; i < query_end; i += KB) {
    let at = (b * params.queries + i) * D4 + lane;
    var queries: array<vec4<f32>, LOADS>;
    var upstreams: array<vec4<f32>, LOADS>;
    // @unroll
    for (var l = 0u; l < LOADS; l++) {
      queries[l] = q[min(at + l * SG, last)];
      upstreams[l] = dy[min(at + l * SG, last)];
    }
    let lane_row = rows_in[b * params.rows_stride + min(i + lane, query_end - 1u)];
    // @unroll
    for (var c = 0u; c < KB; c++) {
      let row = subgroupBroadcast(lane_row, c);
      var score = array<f32, T>();
      // @unroll
      for (var d = 0u; d < D4; d++) {
        let row_query = subgroupBroadcast(queries[(c * D4 + d) / SG], (c * D4 + d) % SG);
        // @unroll
        for (var t = 0u; t < T; t++) { score[t] += dot(row_query, own[t * D4 + d]); }
      }
      var p: array<f32, T>;
      // @unroll
      for (var t = 0u; t < T; t++) { p[t] = select(0.0, exponential(score[t] - row.x), KB == 1u || i + c < query_end); }
      var product = array<f32, T>();
      // @unroll
      for (var d = 0u; d < D4; d++) {
        let upstream = subgroupBroadcast(upstreams[(c * D4 + d) / SG], (c * D4 + d) % SG);
        // @unroll
        for (var t = 0u; t < T; t++) {
          product[t] += dot(upstream, value[t * D4 + d]);
          value_gradient[t * D4 + d] += p[t] * upstream;
        }
      }
      var ds: array<f32, T>;
      // @unroll
      for (var t = 0u; t < T; t++) { ds[t] = p[t] * (product[t] - row.y); }
      // @unroll
      for (var d = 0u; d < D4; d++) {
        let row_query = subgroupBroadcast(queries[(c * D4 + d) / SG], (c * D4 + d) % SG);
        // @unroll
        for (var t = 0u; t < T; t++) { key_gradient[t * D4 + d] += ds[t] * row_query; }
      }
    }
  }
  for (var t = 0u; t < params.own_rows; t++) {
    let j = first + t * SG + lane;
    var key_row = array<vec4<f32>, D4>();
    var value_row = array<vec4<f32>, D4>();
    // @unroll
    for (var e = 0u; e < OWN; e++) {
      key_row[e % D4] = select(key_row[e % D4], key_gradient[e], t == e / D4);
      value_row[e % D4] = select(value_row[e % D4], value_gradient[e], t == e / D4);
    }
    for (var d = 0u; d < params.own_quads; d++) {
      var key_quad = vec4<f32>();
      var value_quad = vec4<f32>();
      // @unroll
      for (var e = 0u; e < D4; e++) {
        key_quad = select(key_quad, key_row[e], d == e);
        value_quad = select(value_quad, value_row[e], d == e);
      }
      if (j < end) {
        dk[(b * params.keys + j) * D4 + d] = key_quad;
        dv[(b * params.keys + j) * D4 + d] = value_quad;
      }
    }
  }
}
