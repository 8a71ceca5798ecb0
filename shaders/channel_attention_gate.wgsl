// The gate of signal channel attention: two small linear layers on the rows r = (b, s) of the segment means.
//
//   hidden[r, h] = relu(reduce_bias[h] + sum_c mean[r, c] reduce_weight[c, h])
//   gate[r, c]   = 1 / (1 + exp(-(expand_bias[c] + sum_h hidden[r, h] expand_weight[h, c])))
//
// and back from the gradient of the logit, with dhidden zero where hidden is:
//   dhidden = dlogit expand_weight',  dmean = dhidden reduce_weight',  and the four parameters' sums over r, in order.
//
// mean, gate, dlogit, dmean [R, C]; hidden, dhidden [R, H]; reduce_weight [C, H], expand_weight [H, C]; C and H padded to
// quads with zeros. Launch: one invocation per quad of the result; parameter_gradients one per quad of all four.

struct Params { rows: u32, channels: u32, channel_quads: u32, hidden_quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mean: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> reduce_weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> reduce_bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> hidden: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> expand_weight: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> expand_bias: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> dlogit: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> dhidden: array<vec4<f32>>;
@group(0) @binding(9) var<storage, read_write> result: array<vec4<f32>>;
@group(0) @binding(10) var<storage, read_write> d_reduce_weight: array<vec4<f32>>;
@group(0) @binding(11) var<storage, read_write> d_reduce_bias: array<vec4<f32>>;
@group(0) @binding(12) var<storage, read_write> d_expand_weight: array<vec4<f32>>;
@group(0) @binding(13) var<storage, read_write> d_expand_bias: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn reduce(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.hidden_quads) { return; }
  let h = i % params.hidden_quads;
  let row = i / params.hidden_quads;
  var sum = reduce_bias[h];
  for (var q = 0u; q < params.channel_quads; q++) {
    let m = mean[row * params.channel_quads + q];
    let at = 4u * q * params.hidden_quads + h;
    sum += m.x * reduce_weight[at] + m.y * reduce_weight[at + params.hidden_quads] +
      m.z * reduce_weight[at + 2u * params.hidden_quads] + m.w * reduce_weight[at + 3u * params.hidden_quads];
  }
  result[i] = max(sum, vec4<f32>());
}

@compute @workgroup_size(WORKGROUP)
fn expand(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.channel_quads) { return; }
  let c = i % params.channel_quads;
  let row = i / params.channel_quads;
  var sum = expand_bias[c];
  for (var q = 0u; q < params.hidden_quads; q++) {
    let h = hidden[row * params.hidden_quads + q];
    let at = 4u * q * params.channel_quads + c;
    sum += h.x * expand_weight[at] + h.y * expand_weight[at + params.channel_quads] +
      h.z * expand_weight[at + 2u * params.channel_quads] + h.w * expand_weight[at + 3u * params.channel_quads];
  }
  let inside = 4u * c + vec4(0u, 1u, 2u, 3u) < vec4(params.channels);
  let e = exp(-abs(sum)); // of a non-positive number, so that it never overflows
  result[i] = select(vec4<f32>(), select(e, vec4(1.0), sum >= vec4<f32>()) / (1.0 + e), inside);
}

@compute @workgroup_size(WORKGROUP)
fn hidden_gradient(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                   @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.hidden_quads) { return; }
  let h = i % params.hidden_quads;
  let row = i / params.hidden_quads;
  var sum = vec4<f32>();
  for (var q = 0u; q < params.channel_quads; q++) {
    let d = dlogit[row * params.channel_quads + q];
    let at = 4u * h * params.channel_quads + q;
    sum += vec4(dot(d, expand_weight[at]), dot(d, expand_weight[at + params.channel_quads]),
      dot(d, expand_weight[at + 2u * params.channel_quads]), dot(d, expand_weight[at + 3u * params.channel_quads]));
  }
  result[i] = select(vec4<f32>(), sum, hidden[i] > vec4<f32>());
}

@compute @workgroup_size(WORKGROUP)
fn mean_gradient(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (i >= params.rows * params.channel_quads) { return; }
  let c = i % params.channel_quads;
  let row = i / params.channel_quads;
  var sum = vec4<f32>();
  for (var q = 0u; q < params.hidden_quads; q++) {
    let d = dhidden[row * params.hidden_quads + q];
    let at = 4u * c * params.hidden_quads + q;
    sum += vec4(dot(d, reduce_weight[at]), dot(d, reduce_weight[at + params.hidden_quads]),
      dot(d, reduce_weight[at + 2u * params.hidden_quads]), dot(d, reduce_weight[at + 3u * params.hidden_quads]));
  }
  result[i] = sum;
}

@compute @workgroup_size(WORKGROUP)
fn parameter_gradients(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                       @builtin(local_invocation_index) lane: u32) {
  let quads = params.channel_quads * params.hidden_quads * 4u; // of either weight
  var i = (group.y * groups.x + group.x) * WORKGROUP + lane;
  var sum = vec4<f32>();
  if (i < quads) {
    let c = i / params.hidden_quads;
    let h = i % params.hidden_quads;
    for (var r = 0u; r < params.rows; r++) {
      sum += mean[r * params.channel_quads + c / 4u][c % 4u] * dhidden[r * params.hidden_quads + h];
    }
    d_reduce_weight[i] = sum;
    return;
  }
  i -= quads;
  if (i < quads) {
    let h = i / params.channel_quads;
    let c = i % params.channel_quads;
    for (var r = 0u; r < params.rows; r++) {
      sum += hidden[r * params.hidden_quads + h / 4u][h % 4u] * dlogit[r * params.channel_quads + c];
    }
    d_expand_weight[i] = sum;
    return;
  }
  i -= quads;
  if (i < params.hidden_quads) {
    for (var r = 0u; r < params.rows; r++) { sum += dhidden[r * params.hidden_quads + i]; }
    d_reduce_bias[i] = sum;
    return;
  }
  i -= params.hidden_quads;
  if (i < params.channel_quads) {
    for (var r = 0u; r < params.rows; r++) { sum += dlogit[r * params.channel_quads + i]; }
    d_expand_bias[i] = sum;
  }
}
