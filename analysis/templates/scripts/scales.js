// Where a value lies on an axis, and which ticks it has: the scales of the static figures.
import { number, percent, short } from "./format.js";

const SPARSITIES = [0, 0.5, 0.9, 0.99, 0.999, 0.8, 0.95, 0.98, 0.995, 0.998, 0.2, 0.7, 0.35, 0.9995, 0.9999, 0.6, 0.97];
const SHARES = [0.5, 0.9, 0.99, 0.1, 0.95, 0.8, 0.98, 0.999, 0.01, 0.2, 0.7, 0.05, 0.97, 0.995, 0.3, 0.85, 0.96, 0.02,
  0.998];

const bare = (share) => percent(share).replace(/\s%$/, "");
const tidy = (value) => number(Number(value.toPrecision(10)), 10).replace(/\.?0+$/, "");
const plus = (value) => (value > 1e-12 ? `+${tidy(value)}` : tidy(value));

// The largest of 1, 2, 5, 10, ... (times a power of ten) that is not above a value.
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return Math.max(...[1, 2, 5].map((step) => step * power).filter((step) => step <= value * (1 + 1e-9)));
}

function steps(low, high, unit) {
  const step = nice(Math.max(((high - low) * unit) / 4, 1e-12));
  const [first, last] = [Math.ceil((low * unit) / step - 1e-9), Math.floor((high * unit) / step + 1e-9)];
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => Number(((first + at) * step).toFixed(12)) / unit);
}

function decades(low, high) {
  const values = [];
  for (const step of [1, 2, 5, 3, 7, 1.5]) {
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      values.push(step * 10 ** power);
    }
  }
  return values;
}

export function sparsityScale(levels) {
  const some = [...new Set(levels)].sort((a, b) => b - a);
  const wanted = some.length <= 7 ? some : SPARSITIES;
  return { place: (s) => -Math.log10(Math.max(1 - s, 1e-9)), wanted: () => wanted, label: bare };
}

export function linearScale(unit, label = (value) => tidy(value * unit)) {
  return { place: (value) => value, wanted: (low, high) => steps(low, high, unit), label };
}

// By the logarithm of the odds: 90 %, 99 % and 99.9 % lie as far apart as they are in errors.
export function oddsScale(edge) {
  const inside = (share) => Math.min(Math.max(share, edge), 1 - edge);
  return {
    place: (share) => Math.log10(inside(share) / (1 - inside(share))),
    wanted: () => SHARES.filter((share) => edge < share && share < 1 - edge),
    label: bare,
  };
}

export function logScale(floor, label = tidy) {
  return {
    place: (value) => Math.log10(Math.max(value, floor)),
    wanted: (low, high) => decades(Math.max(low, floor), high).filter((value) => value > floor),
    label,
  };
}

export const costScale = () => logScale(1e-9, short);

// Equal steps about zero; beyond `linear`, shrinking ones, so that small and large differences both read.
export function differenceScale(linear, unit) {
  if (!linear) return linearScale(unit, (value) => plus(value * unit));
  return {
    place: (value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / linear),
    wanted: (low, high) => {
      const most = Math.max(Math.abs(low), Math.abs(high));
      const sizes = [];
      for (let size = nice(linear); size <= most && sizes.length < 40; size *= 10) sizes.push(size);
      return [0, ...[...sizes, ...sizes.map((size) => 3 * size)].flatMap((size) => [-size, size])];
    },
    label: (value) => plus(value * unit),
  };
}

export const roundedDown = nice;

// Ticks between two places, the most wanted first, none nearer than `gap` places to another.
export function ticksOf(scale, [low, high], limits, gap) {
  const chosen = [];
  for (const value of scale.wanted(low, high)) {
    const place = scale.place(value);
    const inside = limits[0] - 1e-9 <= place && place <= limits[1] + 1e-9;
    if (inside && chosen.every((tick) => Math.abs(tick.place - place) >= gap)) {
      chosen.push({ place, label: scale.label(value) });
    }
  }
  return chosen;
}
