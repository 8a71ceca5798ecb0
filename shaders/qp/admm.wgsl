// What every ADMM for quadratic programs with l <= A x <= u shares (OSQP's form: Stellato et al., Math. Prog. Comp. 12, 2020).
//
// With the increments z and y of A x and of its multiplier since the origin, the multiplier `origin` there, and z~ = A x~
// from the problem's own linear solve:
//   v = RELAXATION z~ + (1 - RELAXATION) z,   z <- clamp(v + (origin + y) / rho, l, u),   y <- y + rho (v - z)
// The bounds are relative to A x at the origin. Unbounded is BOUNDLESS: no infinity ever enters a kernel.
//
// Shapes (lane = problem): z, y, origin, candidate (z~) [rows][lanes]; bounds [rows][lanes] of (l, u);
// penalty rho [penalty_rows][lanes], the last row for all rows from there on; FINISHED marks a problem that takes no more part;
// norms [NORMS][lanes].
// Launch: project and recentre one invocation per row and lane, measure one per lane.

struct Params { rows: u32, lanes: u32, penalty_rows: u32 }

const WORKGROUP: u32 = 64u;
const RELAXATION: f32 = 1.6;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> candidate: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> origin: array<f32>;
@group(0) @binding(5) var<storage, read_write> bounds: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> penalty: array<f32>;
@group(0) @binding(7) var<storage, read_write> norms: array<f32>;

const BOUNDLESS = 1e30;
const FINISHED = 0.0;

// Rows of `norms`.
const PRIMAL = 0u;
const DUAL = 1u;
const NORMS = 2u;

fn rho_of(row: u32, lane: u32) -> f32 { return penalty[min(row, params.penalty_rows - 1u) * params.lanes + lane]; }

fn relaxed(i: u32) -> f32 { return RELAXATION * candidate[i] + (1.0 - RELAXATION) * z[i]; }

fn projected(v: f32, i: u32, rho: f32) -> f32 {
  let limits = bounds[i];
  return clamp(v + (origin[i] + y[i]) / rho, limits.x, limits.y);
}

// Squared norms of what the coming `project` leaves: primal z~ - z, dual rho (z - z before).
@compute @workgroup_size(WORKGROUP)
fn measure(@builtin(global_invocation_id) id: vec3<u32>) {
  let lane = id.x;
  if (lane >= params.lanes) { return; }
  if (rho_of(0u, lane) == FINISHED) { return; }
  var primal = 0.0;
  var dual = 0.0;
  for (var row = 0u; row < params.rows; row++) {
    let i = row * params.lanes + lane;
    let rho = rho_of(row, lane);
    let next = projected(relaxed(i), i, rho);
    let gap = candidate[i] - next;
    let change = rho * (next - z[i]);
    primal += gap * gap;
    dual += change * change;
  }
  norms[PRIMAL * params.lanes + lane] = primal;
  norms[DUAL * params.lanes + lane] = dual;
}

@compute @workgroup_size(WORKGROUP)
fn project(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.rows * params.lanes) { return; }
  let rho = rho_of(i / params.lanes, i % params.lanes);
  if (rho == FINISHED) { return; }
  let v = relaxed(i);
  let next = projected(v, i, rho);
  y[i] += rho * (v - next);
  z[i] = next;
}

// Moves the origin to the present point.
@compute @workgroup_size(WORKGROUP)
fn recentre(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
            @builtin(local_invocation_index) local: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + local;
  if (i >= params.rows * params.lanes) { return; }
  let limits = bounds[i];
  origin[i] += y[i];
  bounds[i] = select(limits - z[i], limits, abs(limits) >= vec2(BOUNDLESS));
  z[i] = 0.0;
  y[i] = 0.0;
}
