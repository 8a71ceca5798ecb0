// The two time-wise halves of signal channel attention (squeeze and excitation), per segment (clip) of [B, L, C]:
//
//   squeeze:  m[b, s, c] = mean of x[b, l, c] over the rows l of segment s
//   scale:    y[b, l, c] = x[b, l, c] * gate[b, s(l), c]
//
// and their gradients. Between them stand two linear layers on [B * S, C] rows.
// Launch: squeeze and scale_gate one invocation per quad of [B, S, C]; the others one per quad of [B, L, C].

struct Params { batch: u32, rows: u32, quads: u32, segments: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gate: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const ACCUMULATE: bool = false;

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
  for (var l = bounds[s]; l < bounds[s + 1u]; l++) { sum += x[(b * params.rows + l) * params.quads + q]; }
  y[i] = sum / f32(bounds[s + 1u] - bounds[s]);
}

// squeeze_backward: dy is the gradient of the means [B, S, C]; y that of x.
@compute @workgroup_size(WORKGROUP)
fn squeeze_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                    @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let q = i % params.quads;
  let b = i / (params.quads * params.rows);
  let s = segment_of(i / params.quads % params.rows);
  let g = dy[(b * params.segments + s) * params.quads + q] / f32(bounds[s + 1u] - bounds[s]);
  if (ACCUMULATE) { y[i] += g; } else { y[i] = g; }
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

// scale_gate: y = gradient of the gate, sum of dy * x over the segment.
@compute @workgroup_size(WORKGROUP)
fn scale_gate(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
              @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.batch * params.segments * params.quads) { return; }
  let q = i % params.quads;
  let s = i / params.quads % params.segments;
  let b = i / (params.quads * params.segments);
  var sum = vec4<f32>();
  for (var l = bounds[s]; l < bounds[s + 1u]; l++) {
    let at = (b * params.rows + l) * params.quads + q;
    sum += dy[at] * x[at];
  }
  y[i] = sum;
}
