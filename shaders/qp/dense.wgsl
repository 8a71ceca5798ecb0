// The linear solve of the ADMM for dense quadratic programs (qp/admm.wgsl has the rest of the iteration).
//
// In increments since the origin (x0, y0), with the gradient g = P x0 + q + A'y0 there and the Cholesky factor L of
// P + SIGMA I + A' diag(rho) A:
//   gather       h = SIGMA x - g + A'(rho z - y)
//   solve_lower  w = inverse(L) h
//   solve_upper  x~ = inverse(L)' w,   x <- RELAXATION x~ + (1 - RELAXATION) x
//   constrain    z~ = A x~
// inverse(L) is computed in float64; used twice, it stays the factor of a positive definite matrix whatever its rounding.
//
// Shapes (lane = program): A [lanes][m][n]; inverse_factor [lanes][n][n]; x, gradient, h, w, step (x~) [n][lanes];
// z, y, candidate (z~), penalty (rho) [m][lanes]. Smaller programs are padded by zeros. A penalty FINISHED in row 0: takes no
// more part.
// Launch: one invocation per lane and row of the result.

struct Params { n: u32, m: u32, lanes: u32 }

const WORKGROUP: u32 = 64u;
const SIGMA: f32 = 1e-6;
const RELAXATION: f32 = 1.6;
const FINISHED = 0.0;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> A: array<f32>;
@group(0) @binding(2) var<storage, read> inverse_factor: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> h: array<f32>;
@group(0) @binding(6) var<storage, read_write> w: array<f32>;
@group(0) @binding(7) var<storage, read_write> step: array<f32>;
@group(0) @binding(8) var<storage, read> z: array<f32>;
@group(0) @binding(9) var<storage, read> y: array<f32>;
@group(0) @binding(10) var<storage, read_write> candidate: array<f32>;
@group(0) @binding(11) var<storage, read> penalty: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.n * params.lanes) { return; }
  let lane = i / params.n;
  let column = i % params.n;
  if (penalty[lane] == FINISHED) { return; }
  let first = lane * params.m * params.n + column;
  let at = column * params.lanes + lane;
  var sum = 0.0;
  for (var row = 0u; row < params.m; row++) {
    let k = row * params.lanes + lane;
    sum += A[first + row * params.n] * (penalty[k] * z[k] - y[k]);
  }
  h[at] = sum + SIGMA * x[at] - gradient[at];
}

@compute @workgroup_size(WORKGROUP)
fn solve_lower(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.n * params.lanes) { return; }
  let lane = i / params.n;
  let row = i % params.n;
  if (penalty[lane] == FINISHED) { return; }
  let first = (lane * params.n + row) * params.n;
  var sum = 0.0;
  for (var column = 0u; column <= row; column++) {
    sum += inverse_factor[first + column] * h[column * params.lanes + lane];
  }
  w[row * params.lanes + lane] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn solve_upper(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.n * params.lanes) { return; }
  let lane = i / params.n;
  let column = i % params.n;
  if (penalty[lane] == FINISHED) { return; }
  let first = lane * params.n * params.n + column;
  let at = column * params.lanes + lane;
  var sum = 0.0;
  for (var row = column; row < params.n; row++) {
    sum += inverse_factor[first + row * params.n] * w[row * params.lanes + lane];
  }
  step[at] = sum;
  x[at] = RELAXATION * sum + (1.0 - RELAXATION) * x[at];
}

@compute @workgroup_size(WORKGROUP)
fn constrain(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
             @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.m * params.lanes) { return; }
  let lane = i / params.m;
  let row = i % params.m;
  if (penalty[lane] == FINISHED) { return; }
  let first = (lane * params.m + row) * params.n;
  var sum = 0.0;
  for (var column = 0u; column < params.n; column++) {
    sum += A[first + column] * step[column * params.lanes + lane];
  }
  candidate[row * params.lanes + lane] = sum;
}
