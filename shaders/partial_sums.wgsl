// Adds up partial sums of many tensors in one dispatch.
//
//   results[to + i] = partials[first + i] + partials[first + stride + i] + ...  (`chunks` terms, in this order)     for i < count
//
// all counted in quads. The order of a sum is fixed, so results are bit-identical from run to run.
// Launch: one workgroup a job; a job has WORKGROUP quads or fewer.

struct Job { first: u32, to: u32, count: u32, stride: u32, chunks: u32 }

struct Params {
  jobs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> jobs: array<Job>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> results: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn add(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let place = group.y * groups.x + group.x;
  if (place >= params.jobs) { return; }
  let job = jobs[place];
  if (thread >= job.count) { return; }
  let first = job.first + thread;
  var sum = vec4<f32>();
  for (var chunk = 0u; chunk < job.chunks; chunk++) { sum += partials[first + chunk * job.stride]; }
  results[job.to + thread] = sum;
}
