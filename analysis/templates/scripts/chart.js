// One chart: axes, what is read against, series with their intervals, and points that can be reached by hand or by key.
import { drawn } from "./elements.js";
import { colourOf, dashOf, markOf } from "./marks.js";
import { ticksOf } from "./scales.js";
import { lines } from "./wording.js";

const MARGIN = { top: 30, right: 14, bottom: 44 };
const LETTER = 6.4;

function frame(width, up, upTicks) {
  const longest = Math.max(2, ...upTicks.map((tick) => tick.label.length));
  const left = Math.round(14 + LETTER * longest);
  const height = Math.round(Math.min(Math.max(width * 0.62, 270), 380));
  return { width, height, left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
}

const along = (limits, from, to) => (place) => from + ((place - limits[0]) / (limits[1] - limits[0] || 1)) * (to - from);

// How far neighbours are moved apart, so that intervals do not hide each other: less than half the way to the next.
function shiftOf(series, across) {
  if (series.length < 2) return 0;
  const places = [...new Set(series.flatMap((one) => one.points.map((point) => across.place(point.x).toFixed(3))))]
    .map(Number).sort((a, b) => a - b);
  const gaps = places.slice(1).map((place, at) => place - places[at]).filter((gap) => gap > 0.02);
  const span = places.length > 1 ? places[places.length - 1] - places[0] : 0;
  return Math.min(gaps.length ? 0.45 * Math.min(...gaps) : 0.04, 0.05 * span || 0.04) / (series.length - 1);
}

function axes(box, model, xTicks, yTicks, x, y) {
  const parts = [];
  for (const tick of yTicks) {
    parts.push(drawn("line", { x1: box.left, x2: box.right, y1: y(tick.place), y2: y(tick.place), class: "rule" }));
    parts.push(drawn("text", { x: box.left - 6, y: y(tick.place) + 4, "text-anchor": "end" }, tick.label));
  }
  for (const tick of xTicks) {
    parts.push(drawn("line", { x1: x(tick.place), x2: x(tick.place), y1: box.bottom, y2: box.bottom + 4, class: "axis" }));
    parts.push(drawn("text", { x: x(tick.place), y: box.bottom + 18, "text-anchor": "middle" }, tick.label));
  }
  parts.push(drawn("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom, class: "axis" }));
  parts.push(drawn("text", { x: 2, y: 14, class: "name" }, model.upLabel));
  const middle = (box.left + box.right) / 2;
  parts.push(drawn("text", { x: middle, y: box.height - 6, "text-anchor": "middle", class: "name" }, model.acrossLabel));
  return drawn("g", { "aria-hidden": "true" }, parts);
}

function against(box, model, y) {
  const { line } = model;
  if (!line) return [];
  const parts = [];
  if (line.low !== null && line.low !== undefined) {
    const [high, low] = [y(model.up.place(line.high)), y(model.up.place(line.low))];
    parts.push(drawn("rect", { x: box.left, width: box.right - box.left, y: high, height: Math.max(low - high, 0), class: "band" }));
  }
  const at = y(model.up.place(line.y));
  parts.push(drawn("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: "against" }));
  return parts;
}

function curves(model, x, y, shift) {
  const middle = (model.series.length - 1) / 2;
  return model.series.flatMap(({ method, points }, at) => {
    const moved = (at - middle) * shift;
    const placed = points.map((point) => ({ ...point, left: x(model.across.place(point.x) + moved) }));
    const drawnPoints = placed.filter((point) => point.y !== null);
    const bars = drawnPoints.filter((point) => point.low !== null).map((point) =>
      drawn("line", {
        x1: point.left, x2: point.left, y1: y(model.up.place(point.low)), y2: y(model.up.place(point.high)),
        stroke: colourOf(method), class: "bar",
      }));
    const path = drawnPoints.map((point) => `${point.left.toFixed(1)} ${y(model.up.place(point.y)).toFixed(1)}`).join("L");
    const curve = drawn("path", { d: path && `M${path}`, stroke: colourOf(method), "stroke-dasharray": dashOf(method), class: "curve" });
    return [{ parts: [...bars, path ? curve : null], placed }];
  });
}

function mark(point, left, top, metric) {
  const label = lines(point.cell, point.value, metric).join("; ");
  const group = drawn("g", {
    transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})`, class: "point", role: "button", tabindex: -1,
    "aria-label": label, "data-cell": point.cell.id,
  }, drawn("circle", { r: 9, class: "halo" }), markOf(point.cell.method, point.mark));
  return { ...point, left, top, group };
}

// Draws into a host; gives the points with where they lie, series by series.
export function drawChart(host, model) {
  const points = model.series.flatMap((one) => one.points);
  const valued = points.filter((point) => point.y !== null);
  const extra = model.line ? [model.line.y, model.line.low, model.line.high].filter((end) => end !== null && end !== undefined) : [];
  const yLimits = model.limits(model.up, valued, extra);
  const values = [...extra, ...valued.flatMap((point) => [point.y, point.low, point.high])].filter((end) => end !== null);
  const yTicks = ticksOf(model.up, [Math.min(...values), Math.max(...values)], yLimits, 0.075 * (yLimits[1] - yLimits[0]));
  const box = frame(host.clientWidth, model.up, yTicks);
  const places = points.map((point) => model.across.place(point.x));
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const margin = 0.05 * (high - low) || 0.1;
  const xLimits = [low - margin, high + margin];
  const ends = [Math.min(...points.map((point) => point.x)), Math.max(...points.map((point) => point.x))];
  const gap = (40 / (box.right - box.left)) * (xLimits[1] - xLimits[0]);
  const xTicks = ticksOf(model.across, ends, xLimits, gap);
  const x = along(xLimits, box.left, box.right);
  const y = along(yLimits, box.bottom, box.top);
  const clip = `${host.id}-clip`;
  const clipped = drawn("clipPath", { id: clip }, drawn("rect", {
    x: box.left, y: box.top - 6, width: box.right - box.left, height: box.bottom - box.top + 12,
  }));
  const made = curves(model, x, y, shiftOf(model.series, model.across));
  const marks = made.map(({ placed }) => placed.map((point) =>
    mark(point, point.left, point.y === null ? box.bottom : y(model.up.place(point.y)), model.metric)));
  if (model.line?.cell) {
    marks.unshift([mark(model.line, box.left, y(model.up.place(model.line.y)), model.metric)]);
  }
  const svg = drawn("svg", {
    width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}`, role: "group", "aria-label": model.label,
  },
  drawn("defs", {}, clipped),
  axes(box, model, xTicks, yTicks, x, y),
  drawn("g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" }, against(box, model, y), made.flatMap((one) => one.parts)),
  marks.flat().map((one) => one.group));
  host.replaceChildren(svg);
  return marks;
}
