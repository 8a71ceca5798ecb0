// Softmax over the innermost axis, and cross-entropy of it. Rows are short (classes, a few keys): one invocation a row.
//
//   softmax:         y[r, i] = exp(x[r, i] - max_i x) / sum
//   softmax_backward:dx[r, i] = y[r, i] * (dy[r, i] - sum_j dy[r, j] y[r, j])
//   cross_entropy:   row_loss[r] = -sum_i t[r, i] * log softmax(x)[r, i]
//                    dx[r, i] = (softmax(x)[r, i] * sum_j t[r, j] - t[r, i]) / rows        the gradient of the mean loss
//   mean:            loss[0] = sum of row_loss / rows, in order, by one invocation

struct Params { rows: u32, inner: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> target_probability: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_loss_out: array<f32>;
@group(0) @binding(7) var<storage, read> row_loss_in: array<f32>;
@group(0) @binding(8) var<storage, read_write> loss: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;

// Largest value of a row of x and the sum of exp(x - largest).
fn normaliser(base: u32) -> vec2<f32> {
  var largest = x[base];
  for (var i = 1u; i < params.inner; i++) { largest = max(largest, x[base + i]); }
  var sum = 0.0;
  for (var i = 0u; i < params.inner; i++) { sum += exp(x[base + i] - largest); }
  return vec2<f32>(largest, sum);
}

@compute @workgroup_size(WORKGROUP)
fn softmax(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  let n = normaliser(base);
  for (var i = 0u; i < params.stride; i++) {
    y[base + i] = select(0.0, exp(x[base + i] - n.x) / n.y, i < params.inner);
  }
}

// softmax_backward: x is the softmax itself.
@compute @workgroup_size(WORKGROUP)
fn softmax_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                    @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  var inner = 0.0;
  for (var i = 0u; i < params.inner; i++) { inner += dy[base + i] * x[base + i]; }
  for (var i = 0u; i < params.stride; i++) {
    dx[base + i] = select(0.0, x[base + i] * (dy[base + i] - inner), i < params.inner);
  }
}

@compute @workgroup_size(WORKGROUP)
fn cross_entropy(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (row >= params.rows) { return; }
  let base = row * params.stride;
  let n = normaliser(base);
  let log_sum = log(n.y);
  var mass = 0.0;
  var sum = 0.0;
  for (var i = 0u; i < params.inner; i++) {
    let t = target_probability[base + i];
    mass += t;
    if (t != 0.0) { sum += t * (log_sum - (x[base + i] - n.x)); }
  }
  row_loss_out[row] = sum;
  for (var i = 0u; i < params.stride; i++) {
    let gradient = (exp(x[base + i] - n.x) / n.y * mass - target_probability[base + i]) / f32(params.rows);
    dx[base + i] = select(0.0, gradient, i < params.inner);
  }
}

@compute @workgroup_size(1)
fn mean() {
  var sum = 0.0;
  for (var i = 0u; i < params.rows; i++) { sum += row_loss_in[i]; }
  loss[0] = vec4<f32>(sum / f32(params.rows), 0.0, 0.0, 0.0);
}
