// Softmax attention over time that never stores the n x n matrix, per clip, without scaling by 1/sqrt(D):
//
//   y[i] = sum over j of softmax_j(q[i] . k[j]) v[j]      j over the keys of the clip of query i
//
// q, y [B, N, D], k, v [B, M, D], channels last, D padded to D4 quads with zeros. Online softmax (Milakov and Gimelshein 2018):
// a running maximum and sum. lse[b, i] = log of the sum of exponentials, all that the backward pass needs.
// One invocation: T queries of one clip, OWN = T * D4 quads that lie side by side, in registers; keys and values stream by.
// Own quads are loaded and stored in a loop that is not unrolled, as software adapters are slow to compile loads and stores; there
// select finds the register. Launch: B * S * ceil(longest clip / T) invocations.

// own: OWN again, since a driver unrolls loops up to a constant, loads and all.
struct Params { batch: u32, queries: u32, keys: u32, clips: u32, tiles: u32, own: u32, lse_stride: u32 }

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
const OWN: u32 = 16u;
const LOWEST: f32 = -3.402823e38;

// bounds: S + 1 row bounds of the queries, then as many of the keys.

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let invocation = (group.y * groups.x + group.x) * WORKGROUP + thread;
  let tile = invocation % params.tiles;
  let s = invocation / params.tiles % params.clips;
  let b = invocation / (params.tiles * params.clips);
  if (b >= params.batch) { return; }
  let keys_at = params.clips + 1u;
  let first = bounds[s] + tile * T;
  let end = bounds[s + 1u];
  if (first >= end) { return; }

  let at = (b * params.queries + first) * D4;
  let last = (b * params.queries + end) * D4 - 1u;

  var query: array<vec4<f32>, OWN>;
  var sum: array<vec4<f32>, OWN>;
  var largest: array<f32, T>;
  var total: array<f32, T>;
  // @unroll
  for (var t = 0u; t < T; t++) { largest[t] = LOWEST; }
  for (var i = 0u; i < params.own; i++) {
    let quad = q[min(at + i, last)];
    // @unroll
    for (var e = 0u; e < OWN; e++) { query[e] = select(query[e], quad, i == e); }
  }
  for (var j = bounds[keys_at + s]; j < bounds[keys_at + s + 1u]; j++) {
    let row = (b * params.keys + j) * D4;
    var score = array<f32, T>();
    var rescale: array<f32, T>;
    // @unroll
    for (var d = 0u; d < D4; d++) {
      let key = k[row + d];
      // @unroll
      for (var t = 0u; t < T; t++) { score[t] += dot(query[t * D4 + d], key); }
    }
    // @unroll
    for (var t = 0u; t < T; t++) {
      let next = max(largest[t], score[t]);
      rescale[t] = exp(largest[t] - next);
      score[t] = exp(score[t] - next);
      total[t] = total[t] * rescale[t] + score[t];
      largest[t] = next;
    }
    // @unroll
    for (var d = 0u; d < D4; d++) {
      let value = v[row + d];
      // @unroll
      for (var t = 0u; t < T; t++) { sum[t * D4 + d] = sum[t * D4 + d] * rescale[t] + score[t] * value; }
    }
  }
  // @unroll
  for (var t = 0u; t < T; t++) {
    if (first + t < end) { lse[b * params.lse_stride + first + t] = largest[t] + log(total[t]); }
    // @unroll
    for (var d = 0u; d < D4; d++) { sum[t * D4 + d] /= total[t]; }
  }
  for (var i = 0u; i < params.own; i++) {
    var quad = vec4<f32>();
    // @unroll
    for (var e = 0u; e < OWN; e++) { quad = select(quad, sum[e], i == e); }
    if (at + i <= last) { y[at + i] = quad; }
  }
}
