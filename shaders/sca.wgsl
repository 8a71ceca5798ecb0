// Signal channel attention (squeeze and excitation) over time, per clip of x [B, L, C]; clip s of S has the rows from
// floor(s L / S) to floor((s + 1) L / S).
//
//   mean[c]   = mean of x[l, c] over the rows l of the clip
//   hidden[h] = relu(reduce_bias[h] + sum_c mean[c] reduce_weight[c, h])
//   gate[c]   = 1 / (1 + exp(-(expand_bias[c] + sum_h hidden[h] expand_weight[h, c])))
//   y[l, c]   = x[l, c] gate[c]
//
// A workgroup has a clip to itself, so the pass is one dispatch: its invocations share out rows and quads of channels, and hand
// their sums to each other through workgroup memory. Launch: B * S workgroups.
// saved: gate [B * S, C4], then mean [B * S, C4] and hidden [B * S, H4], all in quads; C and H are padded to quads with zeros.

// Quads again, as loop bounds: with constants the compiler unrolls the loops, whose loads then take it 20 s on a software adapter.
struct Params { batch: u32, rows: u32, clips: u32, channels: u32, channel_quads: u32, hidden_quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> reduce_weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> reduce_bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> expand_weight: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> expand_bias: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> saved_out: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
// Quads of channels and of hidden units.
const C4: u32 = 16u;
const H4: u32 = 2u;
// Invocations that share out the rows of a quad of channels, and the sums that they leave: LINES * C4.
const LINES: u32 = 4u;
const SUMS: u32 = 64u;
const SHORT_SUM = 16u;

var<workgroup> sums: array<vec4<f32>, SUMS>;
// A quad of each channel's mean, and then of its gate.
var<workgroup> channel: array<vec4<f32>, C4>;
var<workgroup> unit: array<vec4<f32>, H4>;

// ReLU by the bits: everything from -0 to -infinity becomes 0. max() may return either of a NaN and a number, and compilers may
// assume that no NaN occurs; this keeps it, so that a broken activation stays visible.
fn rectify(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), bitcast<vec4<u32>>(v) - vec4(0x80000000u) <= vec4(0x7f800000u));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let clip = group.y * groups.x + group.x;
  if (clip >= params.batch * params.clips) { return; }
  let s = clip % params.clips;
  let start = s * params.rows / params.clips;
  let end = (s + 1u) * params.rows / params.clips;
  let row_at = clip / params.clips * params.rows;
  let clips = params.batch * params.clips;
  for (var i = thread; i < SUMS; i += WORKGROUP) {
    var sum = vec4<f32>();
    for (var first = start + i / C4; first < end; first += LINES * SHORT_SUM) {
      var short_sum = vec4<f32>(); // a sum of short sums loses less than one long sum
      for (var l = first; l < min(first + LINES * SHORT_SUM, end); l += LINES) { short_sum += x[(row_at + l) * C4 + i % C4]; }
      sum += short_sum;
    }
    sums[i] = sum;
  }
  workgroupBarrier();
  for (var c = thread; c < params.channel_quads; c += WORKGROUP) {
    var sum = vec4<f32>();
    for (var line = 0u; line < LINES; line++) { sum += sums[line * C4 + c]; }
    channel[c] = sum / f32(end - start);
    saved_out[(clips + clip) * C4 + c] = channel[c];
  }
  workgroupBarrier();
  for (var h = thread; h < params.hidden_quads; h += WORKGROUP) {
    var sum = reduce_bias[h];
    for (var c = 0u; c < params.channel_quads; c++) {
      let m = channel[c];
      let at = 4u * c * H4 + h;
      sum += m.x * reduce_weight[at] + m.y * reduce_weight[at + H4] + m.z * reduce_weight[at + 2u * H4] +
        m.w * reduce_weight[at + 3u * H4];
    }
    unit[h] = rectify(sum);
    saved_out[2u * clips * C4 + clip * H4 + h] = unit[h];
  }
  workgroupBarrier();
  for (var c = thread; c < params.channel_quads; c += WORKGROUP) {
    var sum = expand_bias[c];
    for (var h = 0u; h < params.hidden_quads; h++) {
      let u = unit[h];
      let at = 4u * h * C4 + c;
      sum += u.x * expand_weight[at] + u.y * expand_weight[at + C4] + u.z * expand_weight[at + 2u * C4] +
        u.w * expand_weight[at + 3u * C4];
    }
    let inside = 4u * c + vec4(0u, 1u, 2u, 3u) < vec4(params.channels);
    let e = exp(-abs(sum)); // of a non-positive number, so that it never overflows
    channel[c] = select(vec4<f32>(), select(e, vec4(1.0), sum >= vec4<f32>()) / (1.0 + e), inside);
    saved_out[clip * C4 + c] = channel[c];
  }
  workgroupBarrier();
  for (var i = thread; i < SUMS; i += WORKGROUP) {
    let gate = channel[i % C4];
    for (var l = start + i / C4; l < end; l += LINES) {
      let at = (row_at + l) * C4 + i % C4;
      y[at] = x[at] * gate;
    }
  }
}
