"""Random numbers of a case: NumPy's frozen generator, seeded by the case's name, rounded to float32."""
import zlib

import numpy as np

SEED = 1027


class Draw:
    def __init__(self, name, subseed=0):
        self.random = np.random.RandomState([SEED, zlib.crc32(name.encode()), subseed])

    def normal(self, *shape, scale=1.0):
        """Standard normal numbers, to the nearest 2^-12: exact in float32, and the same whatever the last bit of a logarithm."""
        values = self.random.standard_normal(shape) * scale
        return (np.round(values * 4096) / 4096).astype(np.float32)

    def uniform(self, *shape):
        return self.random.randint(0, 4096, shape).astype(np.float32) / np.float32(4096)

    def steps(self, least, most, step, *shape):
        """Multiples of `step` from `least` to `most` inclusive: many of them equal."""
        count = round((most - least) / step)
        return (least + step * self.random.randint(0, count + 1, shape)).astype(np.float32)

    def integers(self, below, *shape):
        return self.random.randint(0, below, shape).astype(np.int32)

    def weight(self, *shape):
        """Weights [out, in, ...] of the size that keeps activations near 1."""
        return self.normal(*shape, scale=1 / np.sqrt(np.prod(shape[1:])))
