// Signal channel attention (squeeze and excitation) over time, per segment (clip) of [B, L, C]; the gate between the two
// halves is in channel_attention_gate.wgsl:
//
//   squeeze:  m[b, s, c] = mean of x[b, l, c] over the rows l of segment s
//   scale:    y[b, l, c] = x[b, l, c] * gate[b, s(l), c]
//
// scale_logit:     gradient of the gate's logit, gate (1 - gate) sum of dy x over the segment.
// scale_backward:  gradient of x through both halves, dy gate + dm / rows of the segment.
// Launch: squeeze and scale_logit one invocation per quad of [B, S, C]; the others one per quad of [B, L, C].

struct Params { batch: u32, rows: u32, quads: u32, segments: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gate: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> dmean: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const SHORT_SUM = 16u;

fn segment_of(l: u32) -> u32 {
  var s = 0u;
  for (var next = 1u; next < params.segments; next++) { s += select(0u, 1u, l >= bounds[next]); }
  return s;
}

@compute @workgroup_size(WORKGROUP)
fn squeeze(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.segments * params.quads) { return; }
  let q = i % params.quads;
  let s = i / params.quads % params.segments;
  let b = i / (params.quads * params.segments);
  var sum = vec4<f32>();
  for (var first = bounds[s]; first < bounds[s + 1u]; first += SHORT_SUM) {
    var short_sum = vec4<f32>(); // a sum of short sums loses less than one long sum
    for (var l = first; l < min(first + SHORT_SUM, bounds[s + 1u]); l++) {
      short_sum += x[(b * params.rows + l) * params.quads + q];
    }
    sum += short_sum;
  }
  y[i] = sum / f32(bounds[s + 1u] - bounds[s]);
}

@compute @workgroup_size(WORKGROUP)
fn scale(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
         @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let q = i % params.quads;
  let b = i / (params.quads * params.rows);
  let s = segment_of(i / params.quads % params.rows);
  y[i] = x[i] * gate[(b * params.segments + s) * params.quads + q];
}

@compute @workgroup_size(WORKGROUP)
fn scale_logit(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.segments * params.quads) { return; }
  let q = i % params.quads;
  let s = i / params.quads % params.segments;
  let b = i / (params.quads * params.segments);
  var sum = vec4<f32>();
  for (var first = bounds[s]; first < bounds[s + 1u]; first += SHORT_SUM) {
    var short_sum = vec4<f32>();
    for (var l = first; l < min(first + SHORT_SUM, bounds[s + 1u]); l++) {
      let at = (b * params.rows + l) * params.quads + q;
      short_sum += dy[at] * x[at];
    }
    sum += short_sum;
  }
  let g = gate[i];
  y[i] = sum * g * (1.0 - g);
}

@compute @workgroup_size(WORKGROUP)
fn scale_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                  @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let q = i % params.quads;
  let b = i / (params.quads * params.rows);
  let s = segment_of(i / params.quads % params.rows);
  let at = (b * params.segments + s) * params.quads + q;
  y[i] = dy[i] * gate[at] + dmean[at] / f32(bounds[s + 1u] - bounds[s]);
}

// squeeze_backward: gradient of x through the means alone.
@compute @workgroup_size(WORKGROUP)
fn squeeze_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                    @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let q = i % params.quads;
  let b = i / (params.quads * params.rows);
  let s = segment_of(i / params.quads % params.rows);
  y[i] = dmean[(b * params.segments + s) * params.quads + q] / f32(bounds[s + 1u] - bounds[s]);
}
