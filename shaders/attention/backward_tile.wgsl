// Softmax attention over time, backward, for GPUs with workgroup memory of their own: the formulas of
// attention/backward_reg.wgsl in the manner of attention/tile.wgsl. An invocation has T rows of its own; the rows
// of the other side come TILE at a time through workgroup memory.
// query: own rows are queries, the others keys: dq; launch B * S * ceil(longest query clip / (WORKGROUP * T)) workgroups.
// key:   own rows are keys, the others queries: dk, dv; launch B * S * ceil(longest key clip / (WORKGROUP * T)) workgroups.

struct Params { batch: u32, queries: u32, keys: u32, clips: u32, tiles: u32, rows_stride: u32 }

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

const WORKGROUP: u32 = 64u;
const D4: u32 = 8u;
const T: u32 = 1u;
const TILE: u32 = 32u;

// bounds: S + 1 row bounds of the queries, then as many of the keys. rows[b, i] = (lse[i], delta[i]).

var<workgroup> tile_a: array<vec4<f32>, TILE * D4>; // k, or q
var<workgroup> tile_b: array<vec4<f32>, TILE * D4>; // v, or dy
var<workgroup> tile_rows: array<vec2<f32>, TILE>;

@compute @workgroup_size(WORKGROUP)
fn query(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
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

  var own: array<vec4<f32>, D4 * T>;
  var upstream: array<vec4<f32>, D4 * T>;
  var gradient: array<vec4<f32>, D4 * T>;
  var row: array<vec2<f32>, T>;
  // @unroll
  for (var t = 0u; t < T; t++) {
    let i = min(first + t * WORKGROUP + thread, end - 1u);
    row[t] = rows_in[b * params.rows_stride + i];
    // @unroll
    for (var d = 0u; d < D4; d++) {
      own[t * D4 + d] = q[(b * params.queries + i) * D4 + d];
      upstream[t * D4 + d] = dy[(b * params.queries + i) * D4 + d];
      gradient[t * D4 + d] = vec4<f32>();
    }
  }
  for (var j = bounds[keys_at + s]; j < key_end; j += TILE) {
    workgroupBarrier();
    for (var r = thread; r < TILE * D4; r += WORKGROUP) {
      let at = min((b * params.keys + j) * D4 + r, last);
      tile_a[r] = k[at];
      tile_b[r] = v[at];
    }
    workgroupBarrier();
    for (var c = 0u; c < min(TILE, key_end - j); c++) {
      var score = array<f32, T>();
      var product = array<f32, T>();
      // @unroll
      for (var d = 0u; d < D4; d++) {
        // @unroll
        for (var t = 0u; t < T; t++) {
          score[t] += dot(own[t * D4 + d], tile_a[c * D4 + d]);
          product[t] += dot(upstream[t * D4 + d], tile_b[c * D4 + d]);
        }
      }
      // @unroll
      for (var t = 0u; t < T; t++) {
        let ds = exp(score[t] - row[t].x) * (product[t] - row[t].y);
        // @unroll
        for (var d = 0u; d < D4; d++) { gradient[t * D4 + d] += ds * tile_a[c * D4 + d]; }
      }
    }
  }
  // @unroll
  for (var t = 0u; t < T; t++) {
    let i = first + t * WORKGROUP + thread;
    if (i < end) {
      // @unroll
      for (var d = 0u; d < D4; d++) { dq[(b * params.queries + i) * D4 + d] = gradient[t * D4 + d]; }
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn key(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let index = group.y * groups.x + group.x;
  let s = index / params.tiles % params.clips;
  let b = index / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let first = bounds[keys_at + s] + index % params.tiles * WORKGROUP * T;
  let end = bounds[keys_at + s + 1u];
  if (first >= end) { return; }
  let query_end = bounds[s + 1u];
  let last = (b * params.queries + query_end) * D4 - 1u;

  var own: array<vec4<f32>, D4 * T>;
  var value: array<vec4<f32>, D4 * T>;
  var key_gradient: array<vec4<f32>, D4 * T>;
  var value_gradient: array<vec4<f32>, D4 * T>;
  // @unroll
  for (var t = 0u; t < T; t++) {
    let at = (b * params.keys + min(first + t * WORKGROUP + thread, end - 1u)) * D4;
    // @unroll
    for (var d = 0u; d < D4; d++) {
      own[t * D4 + d] = k[at + d];
      value[t * D4 + d] = v[at + d];
      key_gradient[t * D4 + d] = vec4<f32>();
      value_gradient[t * D4 + d] = vec4<f32>();
    }
  }
  for (var i = bounds[s]; i < query_end; i += TILE) {
    workgroupBarrier();
    for (var r = thread; r < TILE * D4; r += WORKGROUP) {
      let at = min((b * params.queries + i) * D4 + r, last);
      tile_a[r] = q[at];
      tile_b[r] = dy[at];
    }
    for (var r = thread; r < TILE; r += WORKGROUP) { tile_rows[r] = rows_in[b * params.rows_stride + min(i + r, query_end - 1u)]; }
    workgroupBarrier();
    for (var c = 0u; c < min(TILE, query_end - i); c++) {
      var score = array<f32, T>();
      var product = array<f32, T>();
      // @unroll
      for (var d = 0u; d < D4; d++) {
        // @unroll
        for (var t = 0u; t < T; t++) {
          score[t] += dot(tile_a[c * D4 + d], own[t * D4 + d]);
          product[t] += dot(tile_b[c * D4 + d], value[t * D4 + d]);
        }
      }
      // @unroll
      for (var t = 0u; t < T; t++) {
        let p = exp(score[t] - tile_rows[c].x);
        let ds = p * (product[t] - tile_rows[c].y);
        // @unroll
        for (var d = 0u; d < D4; d++) {
          key_gradient[t * D4 + d] += ds * tile_a[c * D4 + d];
          value_gradient[t * D4 + d] += p * tile_b[c * D4 + d];
        }
      }
    }
  }
  // @unroll
  for (var t = 0u; t < T; t++) {
    let j = first + t * WORKGROUP + thread;
    if (j < end) {
      // @unroll
      for (var d = 0u; d < D4; d++) {
        dk[(b * params.keys + j) * D4 + d] = key_gradient[t * D4 + d];
        dv[(b * params.keys + j) * D4 + d] = value_gradient[t * D4 + d];
      }
    }
  }
}
