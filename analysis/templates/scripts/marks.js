// The markers and lines of the static figures, as paths about the origin.
import { drawn } from "./elements.js";

const polygon = (points) => `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}Z`;
const round = (corners, radius, start) =>
  Array.from({ length: corners }, (_, at) => {
    const angle = ((start + (360 * at) / corners) * Math.PI) / 180;
    const reach = typeof radius === "number" ? radius : radius[at % radius.length];
    return [reach * Math.cos(angle), reach * Math.sin(angle)];
  });
const turned = (points, degrees) => {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return points.map(([x, y]) => [c * x - s * y, s * x + c * y]);
};
const PLUS = [[-1.6, -4.6], [1.6, -4.6], [1.6, -1.6], [4.6, -1.6], [4.6, 1.6], [1.6, 1.6], [1.6, 4.6], [-1.6, 4.6],
  [-1.6, 1.6], [-4.6, 1.6], [-4.6, -1.6], [-1.6, -1.6]];
const SHAPES = {
  o: "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
  s: polygon([[-3.7, -3.7], [3.7, -3.7], [3.7, 3.7], [-3.7, 3.7]]),
  "^": polygon(round(3, 5, -90)),
  v: polygon(round(3, 5, 90)),
  "<": polygon(round(3, 5, 180)),
  ">": polygon(round(3, 5, 0)),
  D: polygon(round(4, 5, 0)),
  P: polygon(PLUS),
  X: polygon(turned(PLUS, 45)),
  "*": polygon(round(10, [6, 2.5], -90)),
  x: "M-3.5 -3.5L3.5 3.5M-3.5 3.5L3.5 -3.5",
};
const DASHES = { "-": null, "--": "6 3", ":": "1.5 2.5", "-.": "6 3 1.5 3" };

export const colourOf = (method) => (method.series ? `var(--series-${method.series})` : "var(--ink)");
export const dashOf = (method) => DASHES[method.line];

// A mark is filled where the value is sure, hollow where it is not, a cross where there is none.
export function markOf(method, kind) {
  const shape = kind === "lost" ? SHAPES.x : SHAPES[method.marker];
  const fill = kind === "sure" ? colourOf(method) : kind === "lost" ? "none" : "var(--paper)";
  return drawn("path", { d: shape, fill, stroke: colourOf(method), "stroke-width": 1.4 });
}

// The sample of a method in a legend.
export function sampleOf(method) {
  const line = drawn("line", {
    x1: -17, x2: 17, stroke: colourOf(method), "stroke-width": 1.7, "stroke-dasharray": dashOf(method),
  });
  return drawn("svg", { viewBox: "-18 -7 36 14", width: 36, height: 14, "aria-hidden": "true" }, line,
    markOf(method, "sure"));
}
