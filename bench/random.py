"""Random numbers that are a function of (seed, place) and of nothing else.

Splits, data order and initial weights come from here, never from a global generator, so that they are the same on
every machine, device and version of the libraries. Raw bits are those of Philox 4x64-10 (Salmon et al., 2011) under a
key that SHA-256 makes of the seed and the place; what is made of them uses only arithmetic that IEEE 754 fixes to the
last bit. The values are pinned by a test: they are part of every stored result and can not change.

    permutation(3, "split", n=60_000)        normal(3, "init", "fc1.weight", 0, shape=(300, 784))
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CHUNK = 32_768  # values worked on at once: the intermediate results stay in the processor's cache


def words(seed: int, *place: str | int, count: int) -> Words:
    """`count` words of 64 random bits; a longer draw from the same place begins with the shorter one."""
    text = json.dumps([seed, *place], separators=(",", ":"), ensure_ascii=True)
    key = np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype="<u8").astype(np.uint64)
    return np.asarray(np.random.Philox(key=key).random_raw(count), dtype=np.uint64)


def permutation(seed: int, *place: str | int, n: int) -> Integers:
    """0 .. n-1 in random order."""
    return permutations(seed, *place, rows=1, n=n).reshape(n)


def permutations(seed: int, *place: str | int, rows: int, n: int) -> Integers:
    """`rows` independent permutations of 0 .. n-1; the first rows do not depend on how many follow.

    The low bits of each random word carry its position, so that sorting the words sorts the positions along with them:
    faster than an argsort, and no two words are equal, so the order does not depend on the way of sorting.
    """
    bits = np.uint64((1 << max(n - 1, 0).bit_length()) - 1)
    keys = words(seed, *place, count=rows * n).reshape(rows, n)
    keys = (keys & ~bits) | np.arange(n, dtype=np.uint64)
    keys.sort(axis=1)
    return (keys & bits).astype(np.int64)


def uniform(seed: int, *place: str | int, shape: tuple[int, ...]) -> Floats:
    """Uniform numbers in [0, 1), of 53 bits each."""
    raw = words(seed, *place, count=int(np.prod(shape, dtype=np.int64)))
    return _unit(raw, 53).reshape(shape)


def normal(seed: int, *place: str | int, shape: tuple[int, ...]) -> Floats:
    """Standard normal numbers, exact to the seven digits that single precision keeps."""
    raw = words(seed, *place, count=int(np.prod(shape, dtype=np.int64)))
    result = np.empty(raw.size)
    for start in range(0, raw.size, _CHUNK):
        # The middle of one of 2^52 equal intervals: never 0 or 1, whose quantiles are infinite.
        middle = _unit(raw[start : start + _CHUNK], 52) + 2.0**-53
        result[start : start + _CHUNK] = _normal_quantile(middle)
    return result.reshape(shape)


def _unit(raw: Words, bits: int) -> Floats:
    """The upper bits of each word as a number in [0, 1)."""
    upper = (raw >> np.uint64(64 - bits)).astype(np.float64)
    upper *= 2.0**-bits
    return upper


# Wichura's algorithm AS 241 (1988), the version of seven digits: the quantile of the normal distribution as a ratio of
# polynomials, highest power first: one for the middle, one for the tails, one for the far tails.
_MIDDLE = ((59.109374720, 159.29113202, 50.434271938, 3.3871327179), (67.187563600, 78.757757664, 17.895169469, 1.0))
_TAIL = ((0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777), (0.12021132975, 0.73700164250, 1.0))
_FAR = ((0.017337203997, 0.42868294337, 3.0812263860, 6.6579051150), (0.012258202635, 0.24197894225, 1.0))


def _normal_quantile(p: Floats) -> Floats:
    """The x below which a standard normal number lies with probability p, for 0 < p < 1."""
    q = p - 0.5
    result = q * _ratio(0.180625 - q * q, _MIDDLE)
    (tails,) = np.nonzero(np.abs(q) > 0.425)
    outer = np.minimum(p[tails], 1.0 - p[tails])
    r = np.sqrt(-_log(outer))
    size = np.where(r <= 5.0, _ratio(r - 1.6, _TAIL), _ratio(r - 5.0, _FAR))
    result[tails] = np.copysign(size, q[tails])
    return result


def _ratio(x: Floats, polynomials: tuple[tuple[float, ...], tuple[float, ...]]) -> Floats:
    above, below = (_polynomial(x, coefficients) for coefficients in polynomials)
    return np.divide(above, below, out=above)


def _polynomial(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    value = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


def _log(x: Floats) -> Floats:
    """The natural logarithm by plain arithmetic; a library's may change in its last bit."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < 0.7071067811865476
    mantissa = np.where(low, 2.0 * mantissa, mantissa)
    exponent = exponent - low
    s = (mantissa - 1.0) / (mantissa + 1.0)
    series = _polynomial(s * s, tuple(2.0 / odd for odd in range(19, 0, -2)))
    return exponent * 0.6931471805599453 + s * series
