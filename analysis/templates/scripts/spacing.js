// How a chart's axes are spaced: as the static figures choose it, unless the reader has chosen.
import { ACROSS } from "./series.js";
import { costScale, differenceScale, linearScale, logScale, oddsScale, roundedDown, sparsityScale } from "./scales.js";

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export function acrossScale(across, xs) {
  return across === "sparsity" ? sparsityScale(xs) : costScale();
}

export const acrossLabel = (across) => ACROSS[across].label;

function chosenSpacing(metric, means, edge) {
  const [low, high] = [Math.min(...means), Math.max(...means)];
  if (metric.accuracy) {
    return edge < low && high < 1 - edge && high > 0.9 && high - low > 0.15 ? "odds" : "linear";
  }
  return low > 0 && high > 5 * low ? "log" : "linear";
}

// Which spacings make sense for a metric, with their words.
export function spacings(metric) {
  const own = metric.accuracy ? ["odds", "by odds (near 100 % spread out)"] : ["log", "logarithmic"];
  return [["auto", "chosen by the data"], ["linear", "equal steps"], own];
}

export function valueScale(metric, wanted, means, testCount) {
  const edge = 0.5 / (testCount ?? 10000);
  const fits = spacings(metric).some(([name]) => name === wanted && name !== "auto");
  const spacing = fits ? wanted : chosenSpacing(metric, means, edge);
  if (spacing === "odds" && metric.accuracy) return oddsScale(edge);
  const positive = means.filter((mean) => mean > 0);
  if (spacing === "log" && positive.length) return logScale(Math.min(...positive) / 3);
  return linearScale(metric.scale);
}

export function differencesScale(metric, wanted, means) {
  const sizes = means.map(Math.abs).filter((size) => size > 0);
  const wide = sizes.length > 0 && Math.max(...sizes) >= 15 * median(sizes);
  return differenceScale(wide && wanted !== "linear" ? roundedDown(median(sizes)) : null, metric.scale);
}

// From the lowest to the highest mean, and beyond as far as intervals commonly reach.
export function limitsOf(scale, points, extra) {
  const means = [...extra, ...points.map((point) => point.y)].map(scale.place);
  const ends = points.flatMap((point) => (point.low === null ? [] : [point.low, point.high])).map(scale.place);
  const reaches = points.flatMap((point) =>
    point.low === null ? [] : [point.low, point.high].map((end) => Math.abs(scale.place(end) - scale.place(point.y))));
  const [lowest, highest] = [Math.min(...means), Math.max(...means)];
  const allowed = Math.max(0.25 * (highest - lowest), reaches.length ? 2 * median(reaches) : 0);
  const low = Math.max(Math.min(lowest, ...ends), lowest - allowed);
  const high = Math.min(Math.max(highest, ...ends), highest + allowed);
  const margin = 0.05 * (high - low) || 0.05 * Math.max(Math.abs(high), 0.1);
  return [low - margin, high + margin];
}
