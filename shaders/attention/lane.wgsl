// Softmax attention over time for software adapters; what is computed and its shapes as in attention/reg.wgsl.
//
// There a load costs as much as dozens of multiply-adds, and handing a register to all lanes of a subgroup next to nothing. So a
// workgroup is one subgroup; each of its SG lanes has T queries of its own, OWN = T * D4 quads in registers. Keys come KB at a
// time, as many as one load of every lane can bring (one if D4 > SG): their KB * D4 quads lie side by side in memory, lane l
// loads quads l, l + SG, … (LOADS of them), and each is broadcast to all lanes where it is used.
// Weights are exp(score - reference), and a sum is only rescaled to another reference when a score exceeds it by RANGE: as weights
// of e^RANGE are far from overflow, the reference need not be the largest score so far. The block of keys that is scored in an
// iteration is weighed in the next one, so that a reference too low is known before it is used.
// Lanes without a query or a quad of their own repeat the last one; keys past the end of the clip get weight zero.
// Loads and stores, slow to compile, stay in loops that are not unrolled, a quad of a row at a time; there select finds the register.
// Lanes learn the largest excess by exchanging it: lavapipe runs subgroupAny lane by lane.
// Sums declared in a loop have initialisers: without one Dawn lets them keep the values of the iteration before.
// Launch: B * S * ceil(longest clip / (SG * T)) workgroups.
enable subgroups;
// The largest excess is the same in all lanes, which the compiler does not take into account.
diagnostic(off, subgroup_uniformity);

// own_rows, own_quads: T and D4 again, since a driver unrolls loops up to a constant, loads and all.
struct Params {
  batch: u32,
  queries: u32,
  keys: u32,
  clips: u32,
  tiles: u32,
  own_rows: u32,
  own_quads: u32,
  lse_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;

const SG: u32 = 8u;
const D4: u32 = 8u;
const T: u32 = 2u;
const OWN: u32 = 16u;
const KB: u32 = 1u;
const LOADS: u32 = 1u;
// log2(SG)
const HALVINGS: u32 = 3u;
const LOWEST: f32 = -3.402823e38;
const RANGE: f32 = 60.0;

// bounds: S + 1 row bounds of the queries, then as many of the keys.

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
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
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

  var query: array<vec4<f32>, OWN>;
  var sum: array<vec4<f32>, OWN>;
  var reference: array<f32, T>;
  var total: array<f32, T>;
  var score: array<f32, KB * T>;
  // @unroll
  for (var t = 0u; t < T; t++) {
    reference[t] = LOWEST;
    // @unroll
    for (var c = 0u; c < KB; c++) { score[c * T + t] = LOWEST; }
  }
  let key_start = bounds[keys_at + s];
  var next = key_start;
  for (var t = 0u; t < params.own_rows; t++) {
    var row = array<vec4<f32>, D4>();
    let at = (b * params.queries + min(first + t * SG + lane, end - 1u)) * D4;
    for (var d = 0u; d < params.own_quads; d++) {
      let quad = q[at + d];
      // @unroll
      for (var e = 0u; e < D4; e++) { row[e] = select(row[e], quad, d == e); }
    }
    // @unroll
    for (var e = 0u; e < OWN; e++) { query[e] = select(query[e], row[e % D4], t == e / D4); }
  }
  loop {
    for (var within = true; within && next < key_end + KB; next += KB) {
      let key_at = (b * params.keys + next) * D4 + lane;
      let value_at = (b * params.keys + max(next, key_start + KB) - KB) * D4 + lane;
      var keys: array<vec4<f32>, LOADS>;
      var values: array<vec4<f32>, LOADS>;
      // @unroll
      for (var l = 0u; l < LOADS; l++) {
        keys[l] = k[min(key_at + l * SG, last)];
        values[l] = v[min(value_at + l * SG, last)];
      }
      // @unroll
      for (var c = 0u; c < KB; c++) {
        var weight: array<f32, T>;
        // @unroll
        for (var t = 0u; t < T; t++) {
          weight[t] = exponential(score[c * T + t] - reference[t]);
          total[t] += weight[t];
        }
        // @unroll
        for (var d = 0u; d < D4; d++) {
          let value = subgroupBroadcast(values[(c * D4 + d) / SG], (c * D4 + d) % SG);
          // @unroll
          for (var t = 0u; t < T; t++) { sum[t * D4 + d] += weight[t] * value; }
        }
      }
      var excess = LOWEST;
      // @unroll
      for (var c = 0u; c < KB; c++) {
        var product = array<f32, T>();
        // @unroll
        for (var d = 0u; d < D4; d++) {
          let key = subgroupBroadcast(keys[(c * D4 + d) / SG], (c * D4 + d) % SG);
          // @unroll
          for (var t = 0u; t < T; t++) { product[t] += dot(query[t * D4 + d], key); }
        }
        // @unroll
        for (var t = 0u; t < T; t++) {
          score[c * T + t] = select(LOWEST, product[t], next + c < key_end);
          excess = max(excess, score[c * T + t] - reference[t]);
        }
      }
      // @unroll
      for (var h = 0u; h < HALVINGS; h++) { excess = max(excess, subgroupShuffleXor(excess, 1u << h)); }
      within = !(excess > RANGE);
    }
    if (next >= key_end + KB) { break; }
    // @unroll
    for (var t = 0u; t < T; t++) {
      var largest = reference[t];
      // @unroll
      for (var c = 0u; c < KB; c++) { largest = max(largest, score[c * T + t]); }
      let rescale = exponential(reference[t] - largest);
      reference[t] = largest;
      total[t] *= rescale;
      // @unroll
      for (var d = 0u; d < D4; d++) { sum[t * D4 + d] *= rescale; }
    }
  }
  // @unroll
  for (var t = 0u; t < T; t++) {
    let i = first + t * SG + lane;
    if (i < end) { lse[b * params.lse_stride + i] = reference[t] + log(total[t]); }
    // @unroll
    for (var d = 0u; d < D4; d++) { sum[t * D4 + d] /= total[t]; }
  }
  for (var t = 0u; t < params.own_rows; t++) {
    let i = first + t * SG + lane;
    var row = array<vec4<f32>, D4>();
    // @unroll
    for (var e = 0u; e < OWN; e++) { row[e % D4] = select(row[e % D4], sum[e], t == e / D4); }
    for (var d = 0u; d < params.own_quads; d++) {
      var quad = vec4<f32>();
      // @unroll
      for (var e = 0u; e < D4; e++) { quad = select(quad, row[e], d == e); }
      if (i < end) { y[(b * params.queries + i) * D4 + d] = quad; }
    }
  }
}
