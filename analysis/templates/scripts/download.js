// What the table shows as a file for a spreadsheet, in the units of the database.
import { byId } from "./elements.js";

const FIELDS = [
  ["suite", (row) => row.cell.problem.suite],
  ["profile", (row) => row.cell.problem.profile],
  ["data", (row) => row.cell.problem.data],
  ["model", (row) => row.cell.problem.model],
  ["environment", (row) => row.cell.problem.environment],
  ["method", (row) => row.cell.method.label],
  ["level", (row) => row.cell.level],
  ["target_sparsity", (row) => row.cell.target],
  ["sparsity", (row) => row.cell.sparsity],
  ["metric", (row) => row.metric.name],
  ["n", (row) => row.value.n],
  ["mean", (row) => row.value.mean],
  ["low", (row) => row.value.low],
  ["high", (row) => row.value.high],
  ["against", (row) => row.cell.problem.against],
  ["difference_n", (row) => row.value.pairs],
  ["difference_mean", (row) => row.value.difference],
  ["difference_low", (row) => row.value.differenceLow],
  ["difference_high", (row) => row.value.differenceHigh],
  ["p_holm", (row) => row.value.p],
  ["planned", (row) => row.cell.planned],
  ["final", (row) => row.cell.final],
  ["collapsed", (row) => row.cell.collapsed],
  ["diverged", (row) => row.cell.diverged],
  ["failed", (row) => row.cell.failed],
  ["reference", (row) => row.cell.reference],
  ["steps_alone", (row) => row.cell.steps],
  ["flops_alone", (row) => row.cell.flops],
  ["seconds", (row) => row.cell.seconds],
  ["parameters_kept", (row) => row.cell.parameters],
  ["macs_kept", (row) => row.cell.macs],
];

function quoted(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(rows) {
  const lines = [FIELDS.map(([name]) => name), ...rows.map((row) => FIELDS.map(([, of]) => quoted(of(row))))];
  return lines.map((line) => `${line.join(",")}\n`).join("");
}

export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const anchor = byId("download");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
