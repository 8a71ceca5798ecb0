// Optimizer steps over a flat slab of parameters. Launch: one invocation per quad.
//
//   sgd:   g += decay * p;  m = momentum * m + g;  p -= rate * m                                (PyTorch's rule)
//   adam:  g += decay * p (coupled) or p *= 1 - rate * decay (decoupled, AdamW: Loshchilov and Hutter 2019)
//          m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
//          p -= rate * (m / c1) / (sqrt(v / c2) + eps)                                          (Kingma and Ba 2015)

// gain1 = 1 - beta1 and gain2 = 1 - beta2 come from the host: in f32 the difference would lose four digits.
struct Params { quads: u32, momentum: f32, decay: f32, beta1: f32, beta2: f32, gain1: f32, gain2: f32, eps: f32 }

// What changes from step to step; c1 and c2 are Adam's bias corrections 1 - beta1^t and 1 - beta2^t.
struct Rate { learning_rate: f32, c1: f32, c2: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> rate: Rate;
@group(0) @binding(3) var<storage, read_write> parameter: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> first_moment: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> second_moment: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
const DECOUPLED: bool = false;

@compute @workgroup_size(WORKGROUP)
fn sgd(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
       @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.quads) { return; }
  let p = parameter[i];
  let m = params.momentum * first_moment[i] + gradient[i] + params.decay * p;
  first_moment[i] = m;
  parameter[i] = p - rate.learning_rate * m;
}

@compute @workgroup_size(WORKGROUP)
fn adam(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * WORKGROUP + thread;
  if (i >= params.quads) { return; }
  var p = parameter[i];
  var g = gradient[i];
  if (DECOUPLED) { p *= 1.0 - rate.learning_rate * params.decay; } else { g += params.decay * p; }
  let m = params.beta1 * first_moment[i] + params.gain1 * g;
  let v = params.beta2 * second_moment[i] + params.gain2 * g * g;
  first_moment[i] = m;
  second_moment[i] = v;
  parameter[i] = p - rate.learning_rate * (m / rate.c1) / (sqrt(v / rate.c2) + params.eps);
}
