// Adds up partial sums of many tensors in one dispatch.
//
//   results[to + i] = partials[first + i] + partials[first + stride + i] + ...  (`chunks` terms, in this order)     for i < count
//
// all counted in quads. `jobs` has a row of five numbers for each workgroup: first, to, count, stride, chunks. The order of a sum is
// fixed, so results are bit-identical from run to run. Launch: one workgroup a job; a job has 64 quads or fewer.

struct Params {
  jobs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> jobs: array<u32>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> results: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const FIELDS: u32 = 5u;

@compute @workgroup_size(WORKGROUP)
fn add(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let place = group.y * groups.x + group.x;
  let job = place * FIELDS;
  if (place >= params.jobs || thread >= jobs[job + 2u]) { return; }
  let first = jobs[job] + thread;
  let stride = jobs[job + 3u];
  let chunks = jobs[job + 4u];
  var sum = vec4<f32>();
  for (var chunk = 0u; chunk < chunks; chunk++) { sum += partials[first + chunk * stride]; }
  results[jobs[job + 1u] + thread] = sum;
}
