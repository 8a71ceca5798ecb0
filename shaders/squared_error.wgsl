// Mean squared error of rows against targets. Rows are short (the outputs of a network): one invocation a row.
//
//   squared_error:   row_loss[r] = sum_i (x[r, i] - t[r, i])^2 / inner
//                    dx[r, i] = 2 (x[r, i] - t[r, i]) / (rows * inner)        the gradient of the mean loss
//   mean:            loss[0] = sum of row_loss / rows, in order, by one invocation

struct Params { rows: u32, inner: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<storage, read_write> row_loss_out: array<f32>;
@group(0) @binding(5) var<storage, read> row_loss_in: array<f32>;
@group(0) @binding(6) var<storage, read_write> loss: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn squared_error(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  var sum = 0.0;
  for (var i = 0u; i < params.stride; i++) {
    let error = select(0.0, x[base + i] - goal[base + i], i < params.inner);
    sum += error * error;
    dx[base + i] = 2.0 * error / f32(params.rows * params.inner);
  }
  row_loss_out[row] = sum / f32(params.inner);
}

@compute @workgroup_size(1)
fn mean() {
  var sum = 0.0;
  for (var i = 0u; i < params.rows; i++) { sum += row_loss_in[i]; }
  loss[0] = vec4<f32>(sum / f32(params.rows), 0.0, 0.0, 0.0);
}
