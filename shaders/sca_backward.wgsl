// Signal channel attention, backward. Shapes, clips, what is saved and the launch as in sca.wgsl.
//
//   dlogit  = gate (1 - gate) sum_l dy x     dhidden = dlogit expand_weight', zero where hidden is     dmean = dhidden reduce_weight'
//   dx[l]   = dy[l] gate + dmean / rows      and what this clip adds to the gradients of the four parameters
//
// partials [B * S, 8 C4 H4 + H4 + C4] (reduce_weight [C, H], reduce_bias, expand_weight [H, C], expand_bias), all in quads.

// Quads again, as loop bounds: with constants the compiler unrolls the loops, whose loads then take it 20 s on a software adapter.
struct Params { batch: u32, rows: u32, clips: u32, channel_quads: u32, hidden_quads: u32, onto_used: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> reduce_weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> expand_weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> saved_in: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> dx: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> onto: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
// Quads of channels and of hidden units.
const C4: u32 = 16u;
const H4: u32 = 2u;
// Invocations that share out the rows of a quad of channels, and the sums that they leave: LINES * C4.
const LINES: u32 = 4u;
const SUMS: u32 = 64u;
const SHORT_SUM = 16u;
// Whether the ReLU also stops what is negative of the gradient.
const GUIDED: bool = false;

var<workgroup> sums: array<vec4<f32>, SUMS>;
// Gradients of a quad of channels' logits, of hidden units and of means.
var<workgroup> channel: array<vec4<f32>, C4>;
var<workgroup> unit: array<vec4<f32>, H4>;
var<workgroup> dmean: array<vec4<f32>, C4>;

// ReLU by the bits, which hands NaN on (elementwise.wgsl).
fn rectify(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(), bitcast<vec4<u32>>(v) - vec4(0x80000000u) <= vec4(0x7f800000u));
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let clip = group.y * groups.x + group.x;
  if (clip >= params.batch * params.clips) { return; }
  let s = clip % params.clips;
  let start = s * params.rows / params.clips;
  let end = (s + 1u) * params.rows / params.clips;
  let row_at = clip / params.clips * params.rows;
  let clips = params.batch * params.clips;
  let gate_at = clip * C4;
  let mean_at = (clips + clip) * C4;
  let hidden_at = 2u * clips * C4 + clip * H4;
  for (var i = thread; i < SUMS; i += WORKGROUP) {
    var sum = vec4<f32>();
    for (var first = start + i / C4; first < end; first += LINES * SHORT_SUM) {
      var short_sum = vec4<f32>();
      for (var l = first; l < min(first + LINES * SHORT_SUM, end); l += LINES) {
        let at = (row_at + l) * C4 + i % C4;
        short_sum += dy[at] * x[at];
      }
      sum += short_sum;
    }
    sums[i] = sum;
  }
  workgroupBarrier();
  for (var c = thread; c < params.channel_quads; c += WORKGROUP) {
    var sum = vec4<f32>();
    for (var line = 0u; line < LINES; line++) { sum += sums[line * C4 + c]; }
    let gate = saved_in[gate_at + c];
    channel[c] = sum * gate * (1.0 - gate);
  }
  workgroupBarrier();
  for (var h = thread; h < params.hidden_quads; h += WORKGROUP) {
    var sum = vec4<f32>();
    for (var c = 0u; c < params.channel_quads; c++) {
      let at = 4u * h * C4 + c;
      sum += vec4(dot(channel[c], expand_weight[at]), dot(channel[c], expand_weight[at + C4]),
        dot(channel[c], expand_weight[at + 2u * C4]), dot(channel[c], expand_weight[at + 3u * C4]));
    }
    if (GUIDED) { sum = rectify(sum); }
    unit[h] = select(vec4<f32>(), sum, saved_in[hidden_at + h] > vec4<f32>());
  }
  workgroupBarrier();
  for (var c = thread; c < params.channel_quads; c += WORKGROUP) {
    var sum = vec4<f32>();
    for (var h = 0u; h < params.hidden_quads; h++) {
      let at = 4u * c * H4 + h;
      sum += vec4(dot(unit[h], reduce_weight[at]), dot(unit[h], reduce_weight[at + H4]),
        dot(unit[h], reduce_weight[at + 2u * H4]), dot(unit[h], reduce_weight[at + 3u * H4]));
    }
    dmean[c] = sum / f32(end - start);
  }
  let weight = 4u * params.channel_quads * params.hidden_quads; // quads of either
  var at = clip * (2u * weight + H4 + C4);
  for (var i = thread; i < weight; i += WORKGROUP) {
    let c = i / H4;
    partials[at + i] = saved_in[mean_at + c / 4u][c % 4u] * unit[i % H4];
  }
  at += weight;
  for (var h = thread; h < params.hidden_quads; h += WORKGROUP) { partials[at + h] = unit[h]; }
  at += H4;
  for (var i = thread; i < weight; i += WORKGROUP) {
    let h = i / C4;
    partials[at + i] = saved_in[hidden_at + h / 4u][h % 4u] * channel[i % C4];
  }
  at += weight;
  for (var c = thread; c < params.channel_quads; c += WORKGROUP) { partials[at + c] = channel[c]; }
  workgroupBarrier();
  for (var i = thread; i < SUMS; i += WORKGROUP) {
    let c = i % C4;
    let gate = saved_in[gate_at + c];
    for (var l = start + i / C4; l < end; l += LINES) {
      let place = (row_at + l) * C4 + c;
      var gradient = dy[place] * gate + dmean[c];
      if (params.onto_used > 0u) { gradient += onto[place]; }
      dx[place] = gradient;
    }
  }
}
