// Mean over the rows of each clip of x [B, L, C], and its gradient; bounds holds S + 1 row bounds.
//
//   forward:   y[b, s, c] = mean of x[b, l, c] over the rows l of clip s       launch: one invocation per quad of [B, S, C]
//   backward:  y[b, l, c] = dy[b, s(l), c] / rows of the clip                  launch: one invocation per quad of [B, L, C]

struct Params { batch: u32, rows: u32, quads: u32, clips: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bounds: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const SHORT_SUM = 16u;

fn clip_of(l: u32) -> u32 {
  var s = 0u;
  for (var next = 1u; next < params.clips; next++) { s += select(0u, 1u, l >= bounds[next]); }
  return s;
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.batch * params.clips * params.quads) { return; }
  let q = i % params.quads;
  let s = i / params.quads % params.clips;
  let b = i / (params.quads * params.clips);
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
fn backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.batch * params.rows * params.quads) { return; }
  let q = i % params.quads;
  let b = i / (params.quads * params.rows);
  let s = clip_of(i / params.quads % params.rows);
  y[i] = dy[(b * params.clips + s) * params.quads + q] / f32(bounds[s + 1u] - bounds[s]);
}
