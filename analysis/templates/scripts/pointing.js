// Reaching the points of a chart: by pointer the nearest one, by keyboard with the arrows; a hint says what it is.
import { element } from "./elements.js";
import { lines } from "./wording.js";

const REACH = 28;

function hintFor(host) {
  const hint = element("div", { class: "hint", hidden: true, "aria-hidden": "true" });
  host.append(hint);
  return hint;
}

function show(host, hint, point, metric) {
  const [first, ...rest] = lines(point.cell, point.value, metric);
  hint.replaceChildren(element("strong", {}, first), ...rest.map((line) => element("div", {}, line)));
  hint.hidden = false;
  const room = host.clientWidth - hint.offsetWidth;
  hint.style.left = `${Math.min(Math.max(point.left - hint.offsetWidth / 2, 0), Math.max(room, 0))}px`;
  const above = point.top - hint.offsetHeight - 14;
  hint.style.top = `${above < 0 ? point.top + 14 : above}px`;
}

// From a point by an arrow: along its own series, or to the next series at about the same place.
function neighbour(series, at, key) {
  const [row, column] = at;
  const own = series[row];
  if (key === "ArrowRight" || key === "ArrowLeft") {
    const next = column + (key === "ArrowRight" ? 1 : -1);
    return own[next] ? [row, next] : at;
  }
  if (key === "Home") return [row, 0];
  if (key === "End") return [row, own.length - 1];
  const to = row + (key === "ArrowDown" ? 1 : -1);
  if (!series[to]) return at;
  const away = series[to].map((point) => Math.abs(point.left - own[column].left));
  return [to, away.indexOf(Math.min(...away))];
}

const KEYS = ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"];

// `series` are the drawn points; `choose` is called with the cell of a point that was clicked or entered.
export function enablePointing(host, series, metric, choose) {
  const hint = hintFor(host);
  const svg = host.querySelector("svg");
  const all = series.flatMap((points, row) => points.map((point, column) => ({ point, at: [row, column] })));
  const found = (group) => all.find(({ point }) => point.group === group);
  let marked = null;

  function mark(point) {
    marked?.group.classList.remove("marked");
    marked = point;
    if (!point) {
      hint.hidden = true;
      return;
    }
    point.group.classList.add("marked");
    show(host, hint, point, metric);
  }

  function nearest(event) {
    const box = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    for (const { point } of all) {
      const away = Math.hypot(point.left - x, point.top - y);
      if (away <= REACH && (!best || away < best.away)) best = { point, away };
    }
    return best?.point ?? null;
  }

  svg.addEventListener("pointermove", (event) => mark(nearest(event)));
  svg.addEventListener("pointerleave", () => mark(null));
  svg.addEventListener("click", (event) => {
    const pointed = found(event.target.closest(".point"))?.point;
    const point = event.detail ? nearest(event) : pointed;
    if (point) choose(point.cell);
  });
  svg.addEventListener("focusin", (event) => {
    const one = found(event.target);
    if (one) mark(one.point);
  });
  svg.addEventListener("focusout", () => mark(null));
  svg.addEventListener("keydown", (event) => {
    const one = found(event.target);
    if (!one) return;
    if (event.key === "Escape") hint.hidden = true;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(one.point.cell);
    }
    if (!KEYS.includes(event.key)) return;
    event.preventDefault();
    const [row, column] = neighbour(series, one.at, event.key);
    one.point.group.setAttribute("tabindex", -1);
    series[row][column].group.setAttribute("tabindex", 0);
    series[row][column].group.focus();
  });
  all[0]?.point.group.setAttribute("tabindex", 0);
}
